// Removes a directory of a store that may be closing.

import type { WorkerPool } from '../threads/worker-pool.js';
import { removeDirectoryTask } from './store-files.js';

/**
 * Removes the directory in a bulk thread or, once the store closes, in the urgent thread, so that a close does not wait
 * for other stores' work.
 */
export async function removeOwnDirectory(
  pool: WorkerPool,
  directory: string,
  closing: AbortSignal | undefined,
): Promise<void> {
  try {
    await pool.run(removeDirectoryTask, { directory }, { signal: closing });
  } catch (error) {
    if (!closing?.aborted) throw error;
    await pool.run(removeDirectoryTask, { directory }, { priority: 'urgent' });
  }
}
