import type { LoadProgress } from '@sstitch/records';
import type { ProgressLine } from '../terminal/progress-line.js';

/** Shows the progress of the commit of a bulk load. */
export function showCommit(progress: ProgressLine): (merged: LoadProgress) => void {
  return ({ entries, ofEntries }) =>
    progress.update({ doing: 'committing', done: entries, total: ofEntries, unit: 'keys' });
}
