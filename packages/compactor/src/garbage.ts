// Decides whether batches have left so much garbage of the syncs in the base's tables that a link, which removes it, is
// worthwhile.
//
// The old versions, deleted entries and tombstones of a batch stay in the tables until LevelDB compacts them with the
// levels below, which may never happen in the lowest level.

const KIB = 1024;

/**
 * The least garbage that is worth a link. It exceeds the error of approximateSize, which counts whole blocks at the
 * bounds of 13 spans.
 */
const FLOOR_BYTES = 32 * KIB;

/** About the ratio of the size of a sync's records in tables to the size of their keys and values. */
const TABLE_SHARE = 1 / 3;

/** The sizes of the syncs of one compaction. */
export interface SyncBytes {
  /** The stored size of the base's tables in the syncs' spans, live or not. */
  readonly baseTableBytes: number;
  /** The same of the source. It is a lower bound, as a part may lie in the memtable. */
  readonly sourceTableBytes: number;
  /** The uncompressed size of live keys and values. */
  readonly liveBytes: number;
}

/** Returns about how many bytes of the base's tables hold no live entries. */
export function garbageBytes({ baseTableBytes, ...live }: SyncBytes): number {
  return Math.max(0, baseTableBytes - liveTableBytes(live));
}

/** Whether there is more garbage than live data, and enough for a link. */
export function isGarbageDue(bytes: SyncBytes): boolean {
  return garbageBytes(bytes) > Math.max(FLOOR_BYTES, liveTableBytes(bytes));
}

function liveTableBytes({
  sourceTableBytes,
  liveBytes,
}: Omit<SyncBytes, 'baseTableBytes'>): number {
  return Math.max(sourceTableBytes, liveBytes * TABLE_SHARE);
}
