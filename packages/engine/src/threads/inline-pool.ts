// A pool without threads, over a caller's file system, which cannot be sent to threads. Tests use it to record file
// operations or make them fail.
import type { FileSystem } from '@sstitch/sst';
import { throwIfAborted } from '../errors.js';
import { endSessionTask, type SessionState } from './session.js';
import type { Task } from './task.js';
import type { ForEachOptions, RunOptions, Session, WorkerPool } from './worker-pool.js';

/** Runs tasks on the calling thread. */
export class InlinePool implements WorkerPool {
  readonly fileSystem: FileSystem;

  constructor(fileSystem: FileSystem) {
    this.fileSystem = fileSystem;
  }

  run<I, O>(task: Task<I, O>, input: I, options: RunOptions = {}): Promise<O> {
    return this.#run(task, input, options, undefined);
  }

  async forEach<I, O>(
    task: Task<I, O>,
    items: readonly I[],
    { signal, onOutput }: ForEachOptions<O> = {},
  ): Promise<O[]> {
    const outputs: O[] = [];
    for (const [index, item] of items.entries()) {
      const output = await this.run(task, item, { signal });
      outputs.push(output);
      onOutput?.(output, index);
    }
    return outputs;
  }

  session<S extends SessionState>(): Session<S> {
    const state = {} as S;
    return {
      run: (task, input, options = {}) => this.#run(task, input, options, state),
      end: () => this.#run(endSessionTask, undefined, {}, state),
    };
  }

  async #run<I, O, S>(
    task: Task<I, O, S>,
    input: I,
    { signal }: RunOptions,
    session: S,
  ): Promise<O> {
    const checkCancelled = () => throwIfAborted(signal);
    checkCancelled();
    return task.run(this.fileSystem, input, checkCancelled, session);
  }
}
