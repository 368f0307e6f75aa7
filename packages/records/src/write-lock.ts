// Writers of one engine take turns: what a put reads to find old index entries must still hold when its
// batch lands. The lock hangs on the engine, so that two stores over one engine share it.
import { Mutex } from '@sstitch/contract';

const locks = new WeakMap<object, Mutex>();

/** Runs `task` after every task given before it for the same engine has ended, well or not. */
export function withWriteLock<T>(engine: object, task: () => Promise<T>): Promise<T> {
  const lock = locks.get(engine) ?? new Mutex();
  locks.set(engine, lock);
  return lock.run(task);
}
