import type { Engine, ReadableEngine } from '@sstitch/contract';
import { type SyncRunRecord, withWriteLock } from '@sstitch/records';
import { commitReplacements, type OperationCommit, replaceSync } from '../copy/sync-contents.js';
import { withView } from '../entries/entry-pages.js';
import { listRuns } from '../entries/sync-runs.js';
import type { OperationOptions } from '../progress.js';
import { type PrunePlan, type PrunePolicy, planPrune } from './plan-prune.js';

/** Options of {@link readPrunePlan}. */
export interface ReadPrunePlanOptions extends Pick<OperationOptions, 'signal'> {
  readonly engine: ReadableEngine;
  readonly policy: PrunePolicy;
  /** What ages are counted from. @defaultValue now */
  readonly now?: Date | undefined;
}

/** Options of {@link pruneSyncs}. */
export interface PruneSyncsOptions extends ReadPrunePlanOptions {
  readonly engine: Engine;
}

/** What {@link pruneSyncs} did. */
export interface PruneResult {
  readonly plan: PrunePlan;
  /** Undefined where there was nothing to remove. */
  readonly commit: OperationCommit | undefined;
}

/**
 * Removes the syncs that a policy does not keep, in one commit. Of each type the finished sync that ended last stays,
 * and so do unfinished syncs.
 *
 * @throws {@link OperationsError} SSTITCH_OPTION_INVALID, SSTITCH_ABORTED: the engine is as it was; RecordsError
 * SSTITCH_RECORD_UNDECODABLE
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
 * What {@link pruneSyncs} would do: the dry run.
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
