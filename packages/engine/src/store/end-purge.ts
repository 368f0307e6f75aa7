// The last step of a commit with `purge`. Past generations hold the excised entries until they are removed.

import { dirname } from 'node:path';
import type { PurgeReport } from '@sstitch/contract';
import { removeEndedReaders } from '../store-directory/ended-readers.js';
import { listOtherCopiesTask } from '../store-directory/other-copies.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import type { Generation } from './generation.js';

/** Waits until the past generations without readers are removed, and reports what remains. */
export async function endPurge(
  pool: WorkerPool,
  current: Generation,
  live: Iterable<Generation>,
): Promise<PurgeReport> {
  const past = [...live].filter((generation) => generation !== current);
  await Promise.allSettled(past.map(({ removal }) => removal));
  const directory = dirname(current.directory);
  // The commit has taken effect: a listing that fails must not fail it. Then anything may remain in the store.
  const directories = await removeEndedReaders(pool, directory)
    .then(() => pool.run(listOtherCopiesTask, { current: current.directory }))
    .catch(() => [directory]);
  return { readers: past.reduce((sum, { readers }) => sum + readers, 0), directories };
}
