import type { Engine, ReadableEngine } from '@sstitch/contract';
import type { SyncRunRecord } from '@sstitch/records';
import { changeEngine } from '../contents/change-engine.js';
import {
  commitReplacements,
  type OperationCommit,
  replaceSync,
} from '../contents/sync-contents.js';
import { type ReadView, withView } from '../entries/entry-pages.js';
import { listRuns } from '../entries/sync-runs.js';
import type { OperationOptions } from '../progress.js';
import { type PrunePlan, type PrunePolicy, planPrune } from './plan-prune.js';

/** Options of {@link readPrunePlan}. */
export interface ReadPrunePlanOptions extends Pick<OperationOptions, 'signal'> {
  /** The engine whose syncs are planned. */
  readonly engine: ReadableEngine;
  /** The syncs to keep. */
  readonly policy: PrunePolicy;
  /** The time from which ages are counted. @defaultValue now */
  readonly now?: Date | undefined;
}

/** Options of {@link pruneSyncs}. */
export interface PruneSyncsOptions extends ReadPrunePlanOptions {
  /** The engine to prune. */
  readonly engine: Engine;
  /**
   * Called with the plan if that removes syncs. Writes by a `SyncStore` wait for it, so it must not await one. If it
   * throws, the operation rejects with that error and changes nothing. If other processes change the runs before the
   * commit, it is called again with the new plan. @defaultValue does nothing
   */
  readonly confirm?: ((plan: PrunePlan) => Promise<void>) | undefined;
}

/** The result of {@link pruneSyncs}. */
export interface PruneResult {
  /** The plan that was carried out. */
  readonly plan: PrunePlan;
  /** The commit; undefined if there was nothing to remove. */
  readonly commit: OperationCommit | undefined;
}

/**
 * Removes the syncs that a policy does not keep, in one commit. Unfinished syncs, and the finished sync of each type
 * that ended last, always stay.
 *
 * @throws {@link OperationsError} SSTITCH_OPTION_INVALID, SSTITCH_ABORTED, which leave the engine unchanged;
 * RecordsError SSTITCH_RECORD_UNDECODABLE; what `confirm` throws
 */
export async function pruneSyncs(options: PruneSyncsOptions): Promise<PruneResult> {
  const { engine, signal } = options;
  return changeEngine(engine, { syncIds: [], allRuns: true, signal }, async (view, ifUnchanged) => {
    const plan = await planOf(view, options);
    if (plan.removed.length === 0) return { plan, commit: undefined };
    await options.confirm?.(plan);
    const replacements = plan.removed.flatMap(({ syncId }) => replaceSync(syncId));
    const commit = await commitReplacements(engine, replacements, signal, ifUnchanged);
    return { plan, commit };
  });
}

/**
 * Plans {@link pruneSyncs} without removing anything.
 *
 * @throws as {@link pruneSyncs}
 */
export async function readPrunePlan(options: ReadPrunePlanOptions): Promise<PrunePlan> {
  return withView(options.engine, options, (view) => planOf(view, options));
}

async function planOf(
  view: ReadView,
  { policy, now = new Date() }: ReadPrunePlanOptions,
): Promise<PrunePlan> {
  const runs: SyncRunRecord[] = [];
  for await (const { run } of listRuns(view)) runs.push(run);
  return planPrune(runs, policy, now);
}
