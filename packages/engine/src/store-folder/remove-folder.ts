// Removes a folder that this process made.

import type { TaskRunner } from '../threads/task-runner.js';
import { removeFolderTask } from './store-files.js';

/**
 * Removes the folder in a bulk thread. Once the store closes, in the urgent one: a close does not wait until
 * another store's work lets a bulk thread go.
 */
export async function removeOwnFolder(
  runner: TaskRunner,
  folder: string,
  closing: AbortSignal,
): Promise<void> {
  try {
    await runner.run(removeFolderTask, { folder }, { signal: closing });
  } catch (error) {
    if (!closing.aborted) throw error;
    await runner.run(removeFolderTask, { folder }, { lane: 'urgent' });
  }
}
