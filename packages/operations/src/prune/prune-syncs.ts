import type { Engine } from '@sstitch/contract';
import { type SyncRunRecord, withWriteLock } from '@sstitch/records';
import { commitReplacements, type OperationCommit, replaceSync } from '../copy/sync-contents.js';
import { withView } from '../entries/entry-pages.js';
import { listRuns } from '../entries/sync-runs.js';
import type { OperationOptions } from '../progress.js';
import { type PrunePlan, type PrunePolicy, planPrune } from './plan-prune.js';

/** Options of {@link pruneSyncs}. */
export interface PruneSyncsOptions extends Omit<OperationOptions, 'onProgress'> {
  readonly engine: Engine;
  readonly policy: PrunePolicy;
  /** What ages are counted from. @defaultValue now */
  readonly now?: Date | undefined;
  /** Plan only: nothing is changed. @defaultValue false */
  readonly dryRun?: boolean | undefined;
}

/** What {@link pruneSyncs} did. */
export interface PruneResult {
  readonly plan: PrunePlan;
  /** Undefined for a dry run, and where there was nothing to remove. */
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
  const { engine, policy, signal, now = new Date(), dryRun = false } = options;
  return withWriteLock(engine, async () => {
    const runs = await withView(engine, { signal }, async (view) => {
      const found: SyncRunRecord[] = [];
      for await (const { run } of listRuns(view)) found.push(run);
      return found;
    });
    const plan = planPrune(runs, policy, now);
    if (dryRun || plan.removed.length === 0) return { plan, commit: undefined };
    const replacements = plan.removed.flatMap(({ syncId }) => replaceSync(syncId));
    return { plan, commit: await commitReplacements(engine, replacements, signal) };
  });
}
