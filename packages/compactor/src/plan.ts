// Picks the strategy.
//
// `auto` picks a batch for syncs that are small on both sides, or else a link, or else a rebuild. For small syncs a link
// costs about 20 ms (fsyncs, splits, an open), or 12 ms if the stores were bulk-loaded and no table is split; a batch
// costs 5.5 us for each entry. The costs are equal at about 3,700 entries of both sides together, or 2,200; no size shows
// which of the two applies.
//
// Exact sizes are not available: LevelDB's approximateSize leaves out the memtable, which may hold an entire sync. But
// as a lower bound it identifies large syncs in 1 ms (sync-sizes.ts). For others `auto` plans a batch, and gives up when
// it reaches AUTO_BATCH_LIMITS. So a small sync is read only once, and for a large sync in a memtable, the entries read
// until then are wasted.
//
// A base that several processes write to is rebuilt whatever the sizes: a batch depends on what was read before.
//
// The garbage of batches counts in the sizes of the base. So `auto` links before a sync has more than AUTO_TABLE_BYTES
// of garbage in tables or, if it is small, much more garbage than live data (garbage.ts).
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
 * The limits up to which `auto` picks a batch. They are somewhat below the point where batch and link cost the same in
 * compacted stores, since the entries that are read before giving up cost time in addition to the link.
 */
export const AUTO_BATCH_LIMITS: BatchLimits = {
  entries: 3_400,
  readBytes: 512 * KIB,
  operations: 3_400,
  bytes: 512 * KIB,
};

/**
 * The limits of a batch that is requested, or is the only possibility. It is kept in memory, and again in LevelDB's
 * memtable.
 */
export const MAX_BATCH_LIMITS: BatchLimits = {
  entries: 10_000_000,
  readBytes: 1024 * MIB,
  operations: 250_000,
  bytes: 64 * MIB,
};

/** A plan, with the batch that it writes. */
export interface PickedPlan {
  readonly plan: CompactPlan;
  /** The batch of the strategy `batch`; undefined for the others. */
  readonly batch: PlannedBatch | undefined;
}

/**
 * Plans a compaction without changing anything.
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
  // Only a store is known to purge.
  const canRebuild = options.purge
    ? asTableBase(options.base) !== undefined
    : asReplacingBase(options.base) !== undefined;
  const canLink =
    asTableBase(options.base) !== undefined && asTableSource(options.source) !== undefined;
  switch (options.strategy) {
    case 'link':
      if (!canLink) throw unavailable('link', 'base and source must both be stores in directories');
      return { strategy: 'link', reason: 'requested' };
    case 'rebuild':
      if (!canRebuild) {
        const what = options.purge ? 'purge' : 'replace spans';
        throw unavailable('rebuild', `the base cannot ${what}`);
      }
      return { strategy: 'rebuild', reason: 'requested' };
    case 'batch':
      return batchOrThrow('requested');
    case 'auto': {
      if (options.verify) {
        if (!canLink)
          throw unavailable(
            'link',
            'verify requires that base and source are stores in directories',
          );
        return { strategy: 'link', reason: 'verify was requested' };
      }
      if (options.purge) {
        if (canLink) return { strategy: 'link', reason: 'purge was requested' };
        if (!canRebuild) throw unavailable('rebuild', 'only a store can purge');
        return { strategy: 'rebuild', reason: 'purge was requested' };
      }
      if (!canRebuild && !canLink) return batchOrThrow('the base accepts only batches');
      // Two processes that each write what differs from the state that they read could leave a mix.
      if (options.base.capabilities?.shared === true && canRebuild) {
        return { strategy: 'rebuild', reason: 'other processes may write to the base' };
      }
      const { seemsSmall, isLarge, tableBytes } = askSizes(options, ranges);
      // If the syncs seem small, plan a batch while the other sizes arrive.
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
        : {
            strategy: 'rebuild',
            reason: `the ${asTableBase(options.base) === undefined ? 'base keeps no tables' : 'source has no tables to link'}`,
          };
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

/** Returns the ids under which the source holds nothing. It reads at most one entry of each range. */
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
