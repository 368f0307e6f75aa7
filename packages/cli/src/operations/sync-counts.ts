// Compares the counts of syncs, from their statistics, before and after a change.
import type { ReadableEngine } from '@sstitch/contract';
import { RecordsError, SyncReader, type SyncStatsRecord } from '@sstitch/records';
import { isClusterName } from '../command-line/store-name.js';
import { formatCount } from '../output/quantities.js';
import type { Style } from '../terminal/style.js';

/** Numbers of records by type. */
export interface RecordCounts {
  readonly resource_type: number;
  readonly resource: number;
  readonly entitlement: number;
  readonly grant: number;
  readonly asset: number;
}

/** A sync before and after a change, for --json; null if it has no readable statistics, as an unfinished sync. */
export interface CountsLine {
  readonly syncId: string;
  readonly before: RecordCounts | null;
  readonly after: RecordCounts | null;
}

/** Reads the counts from the statistics of each sync. */
export async function readCounts(
  engine: ReadableEngine,
  syncIds: readonly string[],
): Promise<ReadonlyMap<string, RecordCounts>> {
  const reader = new SyncReader(engine);
  const counts = new Map<string, RecordCounts>();
  for (const syncId of syncIds) {
    const stats = await statisticsOf(reader, syncId);
    if (stats === undefined) continue;
    counts.set(syncId, recordCountsOf(stats));
  }
  return counts;
}

/** The totals of statistics. */
export function recordCountsOf(stats: SyncStatsRecord): RecordCounts {
  return {
    resource_type: Number(stats.resourceTypes),
    resource: Number(stats.resources),
    entitlement: Number(stats.entitlements),
    grant: Number(stats.grants),
    asset: Number(stats.assets),
  };
}

/** The number of records in some syncs by their statistics, for progress; a sync without statistics counts as empty. */
export async function totalRecords(
  syncs: ReadonlyArray<{ readonly engine: ReadableEngine; readonly syncId: string }>,
): Promise<number> {
  let total = 0;
  for (const { engine, syncId } of syncs) {
    const counts = (await readCounts(engine, [syncId])).get(syncId);
    for (const count of Object.values(counts ?? {})) total += count;
  }
  return total;
}

/**
 * About the number of keys of some syncs by their statistics, for progress. These do not tell how many resources have a
 * parent and how many grants await expansion, of which there are few.
 */
export async function aboutKeys(
  syncs: ReadonlyArray<{ readonly engine: ReadableEngine; readonly syncId: string }>,
): Promise<number> {
  let total = 0;
  for (const { engine, syncId } of syncs) {
    const counts = (await readCounts(engine, [syncId])).get(syncId);
    if (counts === undefined) continue;
    const { resource_type, resource, entitlement, grant, asset } = counts;
    // An entitlement has an entry in one index, a grant in three.
    total += resource_type + resource + 2 * entitlement + 4 * grant + asset;
  }
  return total;
}

/** Returns undefined if there are none or they are undecodable: a compaction replaces such statistics and must not fail. */
async function statisticsOf(
  reader: SyncReader,
  syncId: string,
): Promise<SyncStatsRecord | undefined> {
  try {
    return await reader.getSyncStats(syncId);
  } catch (error) {
    if (error instanceof RecordsError && error.code === 'SSTITCH_RECORD_UNDECODABLE') {
      return undefined;
    }
    throw error;
  }
}

/** Pairs the counts of syncs before and after a change. */
export function countsLines(
  syncIds: readonly string[],
  before: ReadonlyMap<string, RecordCounts>,
  after: ReadonlyMap<string, RecordCounts>,
): readonly CountsLine[] {
  return syncIds.map((syncId) => ({
    ...{ syncId, before: before.get(syncId) ?? null, after: after.get(syncId) ?? null },
  }));
}

/**
 * Says when the counts of a base were taken, if other processes may have changed it before the commit: on a cluster, no
 * process keeps others from writing, and a commit does not return what it replaced.
 */
export function countedText(style: Style, base: string, lines: readonly CountsLine[]): string {
  if (!isClusterName(base) || lines.every(({ before }) => before === null)) return '';
  return `${style.dim('counted in the base when the command began; other processes may have changed it before the commit')}\n`;
}

/** Formats a line for each sync: `36zf…: resources 51, entitlements 30 to 31, grants 40 to 42`. */
export function countsText(lines: readonly CountsLine[]): string {
  return lines
    .filter(({ after }) => after !== null)
    .map(({ syncId, before, after }) => {
      const parts = (['resource', 'entitlement', 'grant'] as const).map((bucket) => {
        const [old, present] = [before?.[bucket], after?.[bucket]];
        return `${bucket}s ${changeText(old, present)}`;
      });
      return `${syncId.slice(0, 8)}: ${parts.join(', ')}\n`;
    })
    .join('');
}

/** Shows only the present count if it is the old one, or if the old one is unknown, as that of a new sync. */
function changeText(before: number | undefined, after = 0): string {
  if (before === undefined || before === after) return formatCount(after);
  return `${formatCount(before)} to ${formatCount(after)}`;
}
