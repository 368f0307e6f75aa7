// The errors of an open that finds the store in use by another process.

import { EngineError } from '../errors.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { findLockHolderTask } from './lock-holder.js';

/** Makes the error of an open that a commit of another process has overtaken again and again. */
export function keepsCommitting(location: string): EngineError {
  return new EngineError('LEVEL_LOCKED', 'another process keeps committing to the store', {
    path: location,
  });
}

/** Makes the error. @param directory the directory of the generation that is locked */
export async function lockedError(
  pool: WorkerPool,
  directory: string,
  location: string,
  cause: unknown,
): Promise<EngineError> {
  const task = pool.run(findLockHolderTask, { path: `${directory}/LOCK` }, { priority: 'urgent' });
  const holder = await task.catch(() => undefined);
  const details = { cause, path: location, holder };
  if (holder === process.pid) {
    const message = 'the store is open in this process, in another thread or by another LevelDB';
    return new EngineError('LEVEL_LOCKED', message, details);
  }
  const where = holder === undefined ? 'another process' : `another process, pid ${holder}`;
  return new EngineError('LEVEL_LOCKED', `the store is open in ${where}`, details);
}
