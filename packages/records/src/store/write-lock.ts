// Serialises the writers of an engine: what a put reads to find old index entries must still hold when its
// batch is written. The lock belongs to the engine object, so that all stores on one engine share it.
import { Mutex } from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';

const locks = new WeakMap<object, Mutex>();

/**
 * Runs `task` after every earlier task of the same engine has ended, successfully or not.
 *
 * @param signal ends the wait, not the task
 * @throws RecordsError SSTITCH_ABORTED if the signal fires before the task begins; whatever `task` throws
 */
export async function withWriteLock<T>(
  engine: object,
  task: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const lock = locks.get(engine) ?? new Mutex();
  locks.set(engine, lock);
  let hasBegun = false;
  const begin = (): Promise<T> => {
    hasBegun = true;
    return task();
  };
  try {
    return await lock.run(begin, signal);
  } catch (error) {
    if (!hasBegun) throwIfAborted(signal);
    throw error;
  }
}
