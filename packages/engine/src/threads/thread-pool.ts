// The process's worker threads.
//
// Invariants:
// - all stores of the process share them, and they live as long as it does; idle ones do not keep it alive. Node 20
//   can abort when a thread ends while V8 still compiles its code;
// - an urgent task never queues after bulk work;
// - threads of a `forEach` take items one after another, by a counter in shared memory: none waits for a message
//   between two items, and all end at about the same time.

import { nodeFileSystem } from '@sstitch/sst';
import { abortedError, throwIfAborted } from '../errors.js';
import { endSessionTask, type SessionState } from './session.js';
import { ItemCounter } from './shared-state.js';
import type { Task } from './task.js';
import { isSyncFailure } from './task-errors.js';
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

/** The pool of this process. Its threads start before the first commit, which would wait for them otherwise. */
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

  /** Those of a priority, the least busy first. */
  #threads(priority?: Priority): readonly WorkerThread[] {
    this.warm();
    if (priority === 'urgent' && this.#urgent !== undefined) return [this.#urgent];
    // What waits for a thread to start would hold up all that the others have done by then.
    const byLoad = (a: WorkerThread, b: WorkerThread) =>
      Number(b.ready) - Number(a.ready) || a.load - b.load;
    return this.#bulk.toSorted(byLoad);
  }
}

interface ItemOptions<O> extends RunOptions, Pick<ForEachOptions<O>, 'onOutput'> {
  readonly session?: number | undefined;
}

/** Runs the task for each item, in as many of the threads as there are items for. */
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
    if (failure === undefined || (isSyncFailure(error) && !isSyncFailure(failure.error))) {
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
      // A thread that is busy with something else need not come to the request any more.
      if (outputCount === items.length) stop();
    },
  };
  const sent = threads.slice(0, items.length).map((thread) => thread.send(request));
  signal?.addEventListener('abort', stop, { once: true });
  await Promise.all(sent.map(({ ended }) => ended.catch(fail)));
  signal?.removeEventListener('abort', stop);
  if (failure !== undefined) throw failure.error;
  // What was done in spite of the abort is done.
  if (outputCount < items.length) throw abortedError(signal ?? {});
  return outputs;
}
