// Picks the strategy.
//
// `auto` takes a batch for what is small on both sides, else links, else rebuilds. Of a small sync a link costs
// some 20 ms (fsyncs, split tables, an open), 12 where the stores were loaded in bulk and no table is split; a batch
// 5.5 us an entry. They cost the same at some 3,700 entries, both sides counted, or 2,200: which of the two, no size
// tells.
//
// No size is to be had for nothing: LevelDB's approximateSize leaves out the memtable, in which a sync
// may lie wholly. But it is a lower bound, which tells large syncs in 1 ms (sync-sizes.ts). For all others `auto`
// plans a batch at once and gives up where AUTO_BATCH_LIMITS are met: a small one is read once only, and a
// large one that hides in a memtable costs the reading of so many entries too much.
//
// Batches leave garbage, which counts among the sizes of the base: no sync has more than AUTO_TABLE_BYTES
// of it in tables, and a small one not much more than it has live data (garbage.ts), before `auto` links.
import { asReplacingBase, asTableBase, asTableSource } from './engines.js';
import { CompactorError } from './errors.js';
import { isGarbageDue } from './garbage.js';
import type { CheckedOptions } from './options.js';
import type { CompactPlan, Strategy } from './result.js';
import type { SnapshotReader } from './span-reader.js';
import { type BatchLimits, type PlannedBatch, planBatch } from './strategies/batch.js';
import type { SyncRange } from './sync-ranges.js';
import { askSizes, sizesOf } from './sync-sizes.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Up to here `auto` takes a batch: somewhat below where batch and link cost the same in stores that LevelDB
 * settled, since entries read in vain are paid on top of the link.
 */
export const AUTO_BATCH_LIMITS: BatchLimits = {
  entries: 3_400,
  readBytes: 512 * KIB,
  operations: 3_400,
  bytes: 512 * KIB,
};

/**
 * Up to here a batch is made when it is asked for, or when nothing else is possible. It is held in
 * memory, and again in LevelDB's memtable.
 */
export const MAX_BATCH_LIMITS: BatchLimits = {
  entries: 10_000_000,
  readBytes: 1024 * MIB,
  operations: 250_000,
  bytes: 64 * MIB,
};

export interface PickedPlan {
  readonly plan: CompactPlan;
  /** There under strategy `batch`. */
  readonly batch: PlannedBatch | undefined;
}

/**
 * Plans; changes nothing.
 *
 * @throws CompactorError SSTITCH_STRATEGY_UNAVAILABLE, SSTITCH_BATCH_TOO_LARGE
 */
export async function pickPlan(
  options: CheckedOptions,
  ranges: readonly SyncRange[],
  source: SnapshotReader,
  base: SnapshotReader,
): Promise<PickedPlan> {
  const emptied = await emptySyncs(options.syncIds, ranges, source);
  const sizes = options.dryRun ? { sizes: await sizesOf(options, ranges) } : {};
  const picked = await pickStrategy(options, ranges, source, base);
  const { batch } = picked;
  const batchSizes =
    batch === undefined
      ? {}
      : { batch: { puts: batch.puts, deletes: batch.deletes, bytes: batch.bytes } };
  const { strategy, reason } = picked;
  return { plan: { strategy, reason, emptied, ...batchSizes, ...sizes }, batch };
}

interface PickedStrategy {
  readonly strategy: Strategy;
  readonly reason: string;
  readonly batch?: PlannedBatch;
}

async function pickStrategy(
  options: CheckedOptions,
  ranges: readonly SyncRange[],
  source: SnapshotReader,
  base: SnapshotReader,
): Promise<PickedStrategy> {
  // Of other engines nobody knows what they leave behind.
  const canRebuild = options.purge
    ? asTableBase(options.base) !== undefined
    : asReplacingBase(options.base) !== undefined;
  const canLink =
    asTableBase(options.base) !== undefined && asTableSource(options.source) !== undefined;
  switch (options.strategy) {
    case 'link':
      if (!canLink) throw unavailable('link', 'base and source must both be stores');
      return { strategy: 'link', reason: 'asked for' };
    case 'rebuild':
      if (!canRebuild) {
        const what = options.purge ? 'purge' : 'replace spans';
        throw unavailable('rebuild', `the base cannot ${what}`);
      }
      return { strategy: 'rebuild', reason: 'asked for' };
    case 'batch':
      return batchOrThrow('asked for');
    case 'auto': {
      if (options.verify) {
        if (!canLink)
          throw unavailable('link', 'tables are verified where base and source are stores');
        return { strategy: 'link', reason: 'the source is to be verified' };
      }
      if (options.purge) {
        if (canLink) return { strategy: 'link', reason: 'old data are to be purged' };
        if (!canRebuild) throw unavailable('rebuild', 'only a store can purge');
        return { strategy: 'rebuild', reason: 'old data are to be purged' };
      }
      if (!canRebuild && !canLink) return batchOrThrow('the base takes nothing but batches');
      const { seemsSmall, isLarge, tableBytes } = askSizes(options, ranges);
      // Of one that seems small a batch is planned while the other sizes come in.
      const batch =
        (await seemsSmall) || !(await isLarge)
          ? await planBatch(source, base, ranges, AUTO_BATCH_LIMITS, isLarge)
          : undefined;
      if (batch !== undefined && 'operations' in batch) {
        const { source: sourceTableBytes, base: baseTableBytes } = await tableBytes;
        const sizes = { sourceTableBytes, baseTableBytes, liveBytes: batch.sourceBytes };
        if (!isGarbageDue(sizes)) {
          return { strategy: 'batch', reason: 'the syncs are small on both sides', batch };
        }
        const reason = "the base's tables hold more garbage of the syncs than live data";
        return { strategy: canLink ? 'link' : 'rebuild', reason };
      }
      return canLink
        ? { strategy: 'link', reason: 'base and source are both stores' }
        : { strategy: 'rebuild', reason: 'the source has no tables to link' };
    }
  }

  async function batchOrThrow(reason: string): Promise<PickedStrategy> {
    const batch = await planBatch(source, base, ranges, MAX_BATCH_LIMITS);
    if ('operations' in batch) return { strategy: 'batch', reason, batch };
    throw new CompactorError(
      'SSTITCH_BATCH_TOO_LARGE',
      `the difference does not fit one batch: more than ${MAX_BATCH_LIMITS[batch.exceeded]} ` +
        UNITS[batch.exceeded],
    );
  }
}

const UNITS: Readonly<Record<keyof BatchLimits, string>> = {
  entries: 'entries to read',
  readBytes: 'bytes to read',
  operations: 'operations',
  bytes: 'bytes to write',
};

function unavailable(strategy: Strategy, why: string): CompactorError {
  return new CompactorError(
    'SSTITCH_STRATEGY_UNAVAILABLE',
    `strategy ${strategy} does not work here: ${why}`,
  );
}

/** The ids under which the source holds nothing. Reads one entry of a sync that is there. */
async function emptySyncs(
  syncIds: readonly string[],
  ranges: readonly SyncRange[],
  source: SnapshotReader,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const { syncId, span } of ranges) {
    if (!found.has(syncId) && (await source.hasEntries(span))) found.add(syncId);
  }
  return syncIds.filter((syncId) => !found.has(syncId));
}
