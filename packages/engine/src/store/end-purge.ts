// The end of a commit with the option `purge`: past generations hold what was excised until they are removed.

import type { PurgeReport } from '@sstitch/contract';
import { listOtherCopiesTask } from '../store-directory/other-copies.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import type { Generation } from './generation.js';

/** Waits until past generations without a reader are removed; returns what is left. */
export async function endPurge(
  pool: WorkerPool,
  current: Generation,
  live: Iterable<Generation>,
): Promise<PurgeReport> {
  const past = [...live].filter((generation) => generation !== current);
  await Promise.allSettled(past.map(({ removal }) => removal));
  // The commit is done, whatever comes of the listing.
  const directories = await pool
    .run(listOtherCopiesTask, { current: current.directory })
    .catch(() => past.map(({ directory }) => directory));
  return { readers: past.reduce((sum, { readers }) => sum + readers, 0), directories };
}
