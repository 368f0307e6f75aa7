// `compact` replaces syncs of a base by those of a source:
//
//   1 check      the options, and that both databases are open
//   2 wait       for other compactions of the same base
//   3 plan       a strategy, from one state of the source
//   4 change     all syncs in one commit, by that strategy
//   5 report     what was done
import type { CommitReport, ReplaceSpansResult, Span } from '@sstitch/contract';
import { asReplacingBase, asTableBase, asTableSource } from './engines.js';
import { EmptySyncError } from './errors.js';
import { asCompactorError } from './failures.js';
import { type CheckedOptions, type CompactOptions, checkOptions, whenOpen } from './options.js';
import { type PickedPlan, pickPlan } from './plan.js';
import { type Change, noChange, reportBuckets } from './report.js';
import type { CompactResult } from './result.js';
import { type SnapshotReader, withSnapshot } from './span-reader.js';
import { writeBatch } from './strategies/batch.js';
import { rebuildSpans } from './strategies/rebuild.js';
import { moveTables } from './strategies/tables.js';
import { rangesInKeyOrder, type SyncRange } from './sync-ranges.js';
import { inTurn } from './turn.js';

/**
 * Replaces syncs of the base by those of the source, in one commit. Afterwards the base holds exactly the source's
 * records under each sync id, in all buckets and indexes, and nothing else has changed. Readers of the base, and
 * recovery after a crash, see all old or all new records; open iterators and snapshots keep the old ones.
 *
 * @throws CompactorError SSTITCH_COMPACT_INPUT, SSTITCH_STORE_CLOSED, SSTITCH_STRATEGY_UNAVAILABLE,
 * SSTITCH_BATCH_TOO_LARGE, SSTITCH_ABORTED; the base is unchanged
 * @throws EmptySyncError SSTITCH_SYNC_EMPTY if the source holds nothing under some ids. Its `result` says what was
 * done; it is undefined if `emptySource: 'refuse'` left the base unchanged
 * @throws EngineError as the engine's `extract`, `ingestAndExcise` and `replaceSpans`; SSTITCH_COMMIT_CONFLICT of a base with
 * the capability `conditions` if another process wrote to the syncs while a batch was planned: run it again
 */
export async function compact(options: CompactOptions): Promise<CompactResult> {
  const started = performance.now();
  const checked = checkOptions(options);
  const { base, source, signal } = checked;
  try {
    await whenOpen('base', base);
    await whenOpen('source', source);
    const result = await inTurn(base, signal, () => compactNow(checked, started));
    if (result.emptied.length > 0 && !result.dryRun) {
      throw new EmptySyncError(result.emptied, result);
    }
    return result;
  } catch (error) {
    throw asCompactorError(error, checked);
  }
}

/** One state of each side. */
interface Views {
  readonly source: SnapshotReader;
  readonly base: SnapshotReader;
}

function compactNow(options: CheckedOptions, started: number): Promise<CompactResult> {
  const ranges = rangesInKeyOrder(options.syncIds);
  const { signal } = options;
  const watch = options.base.capabilities?.conditions === true ? spansOf(ranges) : undefined;
  return withSnapshot(options.source, { signal }, (source) =>
    withSnapshot(options.base, { signal, watch }, (base) =>
      compactViews(options, ranges, { source, base }, started),
    ),
  );
}

async function compactViews(
  options: CheckedOptions,
  ranges: readonly SyncRange[],
  views: Views,
  started: number,
): Promise<CompactResult> {
  const picked = await planOn(options, ranges, views);
  const { plan } = picked;
  // The snapshot would keep the old generation of the base. A batch makes no new generation, and needs its snapshot.
  if (picked.batch === undefined) await views.base.close();
  const emptied = new Set(plan.emptied);
  if (options.emptySource === 'refuse') refuseEmpty(emptied);
  options.onProgress({ type: 'planned', plan });
  let change = noChange;
  if (!options.dryRun) {
    change = await changeBase(options, picked, ranges, views, emptied);
    options.onProgress({ type: 'committed', generation: change.generation });
  }
  return {
    syncs: options.syncIds,
    strategy: plan.strategy,
    plan,
    dryRun: options.dryRun,
    generation: change.generation,
    buckets: reportBuckets(ranges, change),
    entries: change.entries,
    emptied: options.syncIds.filter((syncId) => emptied.has(syncId)),
    durationMs: performance.now() - started,
    pauseMs: change.pauseMs,
    ...(change.purge === undefined ? {} : { purge: change.purge }),
  };
}

async function planOn(
  options: CheckedOptions,
  ranges: readonly SyncRange[],
  { source, base }: Views,
): Promise<PickedPlan> {
  const picked = await pickPlan(options, ranges, source, base);
  // A batch is planned from entries of both sides that were read through LevelDB, which checks no checksums.
  if (picked.batch !== undefined) {
    for (const view of [source, base]) await view.verify(spansOf(ranges));
  }
  return picked;
}

/** Changes the base. Adds to `emptied` the syncs that the source has lost since the plan. */
async function changeBase(
  options: CheckedOptions,
  { plan, batch }: PickedPlan,
  ranges: readonly SyncRange[],
  views: Views,
  emptied: Set<string>,
): Promise<Change> {
  const { source } = views;
  const { signal, purge, onProgress } = options;
  if (plan.strategy === 'batch' && batch !== undefined) {
    onProgress({ type: 'committing' });
    await writeBatch(options.base, batch, views.base, signal);
    return { ...noChange, entries: batch.entries, batchCounts: batch.counts };
  }
  const onEmpty = (syncIds: ReadonlySet<string>) => {
    if (options.emptySource === 'refuse') refuseEmpty(syncIds);
    for (const syncId of syncIds) emptied.add(syncId);
  };
  const tableBase = asTableBase(options.base);
  const tableSource = asTableSource(options.source);
  if (tableBase !== undefined && tableSource !== undefined && plan.strategy !== 'batch') {
    const { strategy } = plan;
    const tables = {
      base: tableBase,
      source: tableSource,
      strategy,
      verify: options.verify,
      purge,
    };
    const moved = await moveTables({ ...tables, ranges, signal, onProgress, onEmpty });
    return { ...changeOf(moved.commit), entries: moved.entries };
  }
  const base = asReplacingBase(options.base);
  if (base === undefined || plan.strategy !== 'rebuild') {
    throw new Error(`${plan.strategy} was planned for a base that cannot`);
  }
  const result = await rebuildSpans({ base, source, ranges, purge, signal, onProgress });
  return { ...changeOf(commitOf(result)), entries: result.entries, pauseMs: result.pauseMs };
}

function spansOf(ranges: readonly SyncRange[]): readonly Span[] {
  return ranges.map(({ span }) => span);
}

function refuseEmpty(syncIds: ReadonlySet<string>): void {
  if (syncIds.size > 0) throw new EmptySyncError([...syncIds]);
}

/** Returns the report of the commit, which a Store's result has and that of another engine may lack. */
function commitOf(result: ReplaceSpansResult & { readonly commit?: CommitReport }) {
  return result.commit;
}

function changeOf(report: CommitReport | undefined): Change {
  if (report === undefined) return noChange;
  const { generation, pauseMs, spans, purge } = report;
  return { ...noChange, generation, pauseMs, totals: spans, ...(purge ? { purge } : {}) };
}
