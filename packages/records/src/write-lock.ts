// Writers of one engine take turns: what a put reads to find old index entries must still hold when its
// batch lands. The lock hangs on the engine, so that two stores over one engine share it.
import type { ReadWriteEngine } from '@sstitch/contract';

const tails = new WeakMap<ReadWriteEngine, Promise<unknown>>();

/** Runs `task` after every task given before it for the same engine has ended, well or not. */
export function withWriteLock<T>(engine: ReadWriteEngine, task: () => Promise<T>): Promise<T> {
  const before = tails.get(engine) ?? Promise.resolve();
  const result = before.then(task);
  // The caller gets the failure; the queue goes on.
  tails.set(
    engine,
    result.catch(() => undefined),
  );
  return result;
}
