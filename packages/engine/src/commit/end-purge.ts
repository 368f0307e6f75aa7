// The end of a commit with the option `purge`: past generations hold what was excised until they are removed.
import type { Generation } from '../generation.js';
import type { TaskRunner } from '../workers/task-runner.js';
import type { PurgeReport } from './ingest-and-excise.js';

/** Waits until past generations that nobody reads are removed; tells what is left. */
export async function endPurge(
  runner: TaskRunner,
  current: Generation,
  live: Iterable<Generation>,
): Promise<PurgeReport> {
  const past = [...live].filter((generation) => generation !== current);
  await Promise.allSettled(past.map(({ removal }) => removal));
  // The commit is done, whatever comes of the listing.
  const folders = await runner
    .run('listOtherCopies', { current: current.folder })
    .catch(() => past.map(({ folder }) => folder));
  return { readers: past.reduce((sum, { readers }) => sum + readers, 0), folders };
}
