// The process's worker threads.
//
// Invariants:
// - all stores of the process share the threads, which live until the process ends but do not keep it alive when idle.
//   They are never stopped: Node 20 can abort when a thread ends while V8 still compiles its code;
// - an urgent task never waits for bulk work;
// - the threads of a `forEach` take items by a counter in shared memory, so that none waits for a message between two
//   items, and all end at about the same time.

import { nodeFileSystem } from '@sstitch/sst';
import { abortedError, throwIfAborted } from '../errors.js';
import { endSessionTask, type SessionState } from './session.js';
import { ItemCounter } from './shared-state.js';
import type { Task } from './task.js';
import { isFsyncFailure } from './task-errors.js';
import {
  BULK_THREADS,
  type ForEachOptions,
  type Priority,
  type RunOptions,
  type Session,
  type WorkerPool,
} from './worker-pool.js';
import { WorkerThread } from './worker-thread.js';

let pool: ThreadPool | undefined;

/** Returns the pool of this process, and starts its threads, so that the first commit does not wait for them. */
export function threadPool(): WorkerPool {
  pool ??= new ThreadPool();
  pool.warm();
  return pool;
}

class ThreadPool implements WorkerPool {
  readonly fileSystem = nodeFileSystem;
  #bulk: WorkerThread[] = [];
  #urgent: WorkerThread | undefined;
  #sessions = 0;

  /** Starts the threads that do not run. */
  warm(): void {
    if (this.#urgent === undefined || this.#urgent.ended) {
      this.#urgent = new WorkerThread({ lowPriority: false });
    }
    this.#bulk = this.#bulk.filter((thread) => !thread.ended);
    while (this.#bulk.length < BULK_THREADS)
      this.#bulk.push(new WorkerThread({ lowPriority: true }));
  }

  async run<I, O>(task: Task<I, O>, input: I, options: RunOptions = {}): Promise<O> {
    const [output] = await runItems(this.#threads(options.priority), task, [input], options);
    return output as O;
  }

  forEach<I, O>(
    task: Task<I, O>,
    items: readonly I[],
    options: ForEachOptions<O> = {},
  ): Promise<O[]> {
    return runItems(this.#threads(options.priority), task, items, options);
  }

  session<S extends SessionState>(): Session<S> {
    const threads = this.#threads().slice(0, 1);
    const session = ++this.#sessions;
    const run = async <I, O>(task: Task<I, O, S>, input: I, options: RunOptions = {}) => {
      const [output] = await runItems(threads, task, [input], { ...options, session });
      return output as O;
    };
    return { run, end: () => run(endSessionTask, undefined) };
  }

  /** Returns the threads for a priority, the least busy first. */
  #threads(priority?: Priority): readonly WorkerThread[] {
    this.warm();
    if (priority === 'urgent' && this.#urgent !== undefined) return [this.#urgent];
    // Threads that are still starting come last: a request would wait for them.
    const byLoad = (a: WorkerThread, b: WorkerThread) =>
      Number(b.ready) - Number(a.ready) || a.load - b.load;
    return this.#bulk.toSorted(byLoad);
  }
}

interface ItemOptions<O> extends RunOptions, Pick<ForEachOptions<O>, 'onOutput'> {
  readonly session?: number | undefined;
}

/** Runs the task for each item, in at most as many threads as there are items. */
async function runItems<I, O, S>(
  threads: readonly WorkerThread[],
  task: Task<I, O, S>,
  items: readonly I[],
  { signal, session, transfer, priority, onOutput }: ItemOptions<O>,
): Promise<O[]> {
  throwIfAborted(signal);
  const counter = new ItemCounter(items.length);
  const outputs: O[] = [];
  let outputCount = 0;
  let failure: { readonly error: unknown } | undefined;
  const stop = () => {
    counter.stop();
    for (const { cancel } of sent) cancel();
  };
  const fail = (error: unknown) => {
    if (failure === undefined || (isFsyncFailure(error) && !isFsyncFailure(failure.error))) {
      failure = { error };
    }
    stop();
  };
  const request = {
    ...{ name: task.name, items, counter, session, transfer },
    background: priority === 'background',
    onOutput: (output: unknown, index: number) => {
      outputs[index] = output as O;
      outputCount++;
      try {
        onOutput?.(output as O, index);
      } catch (error) {
        fail(error);
      }
      // All items are done: cancel the request in threads that have not begun it.
      if (outputCount === items.length) stop();
    },
  };
  const sent = threads.slice(0, items.length).map((thread) => thread.send(request));
  signal?.addEventListener('abort', stop, { once: true });
  await Promise.all(sent.map(({ ended }) => ended.catch(fail)));
  signal?.removeEventListener('abort', stop);
  if (failure !== undefined) throw failure.error;
  // An abort after the last item has no effect.
  if (outputCount < items.length) throw abortedError(signal ?? {});
  return outputs;
}
