// Removes a directory that this process made.

import type { WorkerPool } from '../threads/worker-pool.js';
import { removeDirectoryTask } from './store-files.js';

/**
 * Removes the directory in a bulk thread. Once the store closes, in the urgent one: a close does not wait until
 * another store's work lets a bulk thread go.
 */
export async function removeOwnDirectory(
  pool: WorkerPool,
  directory: string,
  closing: AbortSignal,
): Promise<void> {
  try {
    await pool.run(removeDirectoryTask, { directory }, { signal: closing });
  } catch (error) {
    if (!closing.aborted) throw error;
    await pool.run(removeDirectoryTask, { directory }, { priority: 'urgent' });
  }
}
