// Serialises the writers of an engine: what a put reads to find old index entries must still hold when its
// batch is written. The lock belongs to the engine object, so that all stores on one engine share it.
import { Mutex } from '@sstitch/contract';

const locks = new WeakMap<object, Mutex>();

/** Runs `task` after every earlier task of the same engine has ended, successfully or not. */
export function withWriteLock<T>(engine: object, task: () => Promise<T>): Promise<T> {
  const lock = locks.get(engine) ?? new Mutex();
  locks.set(engine, lock);
  return lock.run(task);
}
