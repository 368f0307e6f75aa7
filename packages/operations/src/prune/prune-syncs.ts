import type { Engine, ReadableEngine } from '@sstitch/contract';
import { type SyncRunRecord, withWriteLock } from '@sstitch/records';
import {
  commitReplacements,
  type OperationCommit,
  replaceSync,
} from '../contents/sync-contents.js';
import { withView } from '../entries/entry-pages.js';
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
 * RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export async function pruneSyncs(options: PruneSyncsOptions): Promise<PruneResult> {
  const { engine, signal } = options;
  return withWriteLock(engine, async () => {
    const plan = await readPrunePlan(options);
    if (plan.removed.length === 0) return { plan, commit: undefined };
    const replacements = plan.removed.flatMap(({ syncId }) => replaceSync(syncId));
    return { plan, commit: await commitReplacements(engine, replacements, signal) };
  });
}

/**
 * Plans {@link pruneSyncs} without removing anything.
 *
 * @throws as {@link pruneSyncs}
 */
export async function readPrunePlan({
  engine,
  policy,
  signal,
  now = new Date(),
}: ReadPrunePlanOptions): Promise<PrunePlan> {
  const runs: SyncRunRecord[] = [];
  await withView(engine, { signal }, async (view) => {
    for await (const { run } of listRuns(view)) runs.push(run);
  });
  return planPrune(runs, policy, now);
}
