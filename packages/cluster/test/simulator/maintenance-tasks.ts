import type { MaintenanceContext } from '../../src/maintenance/flush.js';
import { mergeLevelZero } from '../../src/maintenance/merge.js';
import type { StoreCore } from '../../src/store/store-core.js';
import type { Schedule } from './schedule.js';

/** The tasks, each as often as a process that only maintains a store does it. */
export const MAINTENANCE = [
  ...['flush', 'merge', 'fold', 'collect', 'collect', 'collect', 'checkpoint'],
];

/** Does a task of maintenance, and counts what it did. */
export async function maintain(
  task: string,
  { maintenance }: StoreCore,
  context: MaintenanceContext,
  schedule: Schedule,
): Promise<void> {
  const { signal } = new AbortController();
  const count = (what: string, times: number | boolean) => schedule.count(what, Number(times));
  if (task === 'flush') {
    count('flushed', await maintenance.flush(signal));
  } else if (task === 'merge') {
    count('merged', await mergeLevelZero(context, 0));
  } else if (task === 'fold') {
    const { runsWritten, isComplete } = await maintenance.fold(signal);
    count('folded runs', runsWritten);
    count('lost folds', !isComplete);
  } else if (task === 'collect') {
    const report = await maintenance.collect(signal);
    count('deleted runs', report.deletedRuns);
    count('held runs', report.heldRuns);
    count('deleted loads', report.deletedLoads);
    count('aborted owners', report.abortedOwners);
    count('deleted segments', report.deletedSegments);
  } else {
    await maintenance.checkpoint();
  }
}
