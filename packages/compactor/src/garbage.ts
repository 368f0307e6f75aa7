// Whether batches have left so much of the syncs in the base's tables that a link, which takes it out, pays.
//
// A batch shadows: old versions, deleted entries and tombstones stay in the tables until LevelDB happens to
// merge them with what lies below, and of what lies in its lowest level that may be never.

const KIB = 1024;

/** Less is not worth a link; and approximateSize counts by blocks, so that 13 spans are wrong by some of them. */
const FLOOR_BYTES = 32 * KIB;

/** Records of syncs take in tables about such a part of what they take as keys and values. */
const TABLE_SHARE = 1 / 3;

export interface SyncBytes {
  /** What the base's tables take in the syncs' spans, live or not, as stored. */
  readonly baseTableBytes: number;
  /** The same of the source; less than it holds where a part lies in its memtable. */
  readonly sourceTableBytes: number;
  /** Keys and values of what is live, uncompressed. */
  readonly liveBytes: number;
}

/** About how many bytes of the base's tables hold nothing that is live. */
export function garbageBytes({ baseTableBytes, ...live }: SyncBytes): number {
  return Math.max(0, baseTableBytes - liveTableBytes(live));
}

/** Whether that is more than what is live, and enough to act on. */
export function isGarbageDue(bytes: SyncBytes): boolean {
  return garbageBytes(bytes) > Math.max(FLOOR_BYTES, liveTableBytes(bytes));
}

function liveTableBytes({
  sourceTableBytes,
  liveBytes,
}: Omit<SyncBytes, 'baseTableBytes'>): number {
  return Math.max(sourceTableBytes, liveBytes * TABLE_SHARE);
}
