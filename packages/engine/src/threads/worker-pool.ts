// What runs file work: three verbs, whichever thread it runs in.
import type { TransferListItem } from 'node:worker_threads';
import type { FileSystem } from '@sstitch/sst';
import type { SessionState } from './session.js';
import type { Task } from './task.js';

/** Two, so that one store's long task does not hold up another's; more would only share the disk. */
export const BULK_THREADS = 2;

/**
 * - `urgent`: what a commit's pause or a close waits for. It has a thread of its own, and never queues after bulk work.
 * - `background`: between any two items all other work goes first.
 *
 * @defaultValue 'normal'
 */
export type Priority = 'urgent' | 'normal' | 'background';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly priority?: Priority;
  /** Buffers of the input that move to the thread instead of being copied. */
  readonly transfer?: readonly TransferListItem[];
}

export interface ForEachOptions<O> extends Omit<RunOptions, 'transfer'> {
  /**
   * Called with each output as it comes, in any order; also with those of items that were begun before a failure or an
   * abort. What it throws ends the work.
   */
  readonly onOutput?: ((output: O, index: number) => void) | undefined;
}

/**
 * Runs tasks. A task that is aborted settles at once where it has not begun, and then never does; else when it has
 * ended. Every verb throws what the task threw, or an AbortError once the signal has fired.
 */
export interface WorkerPool {
  /** What its tasks work on. */
  readonly fileSystem: FileSystem;
  run<I, O>(task: Task<I, O>, input: I, options?: RunOptions): Promise<O>;
  /**
   * Runs the task for every item, in all threads of the priority; fulfils with the outputs in the order of the items.
   * After a failure no further item is begun. It settles when none runs any more, so that the caller may remove what
   * was worked on.
   *
   * @throws the first failure; that of an fsync before any other, which leaves the disk's contents unknown
   */
  forEach<I, O>(task: Task<I, O>, items: readonly I[], options?: ForEachOptions<O>): Promise<O[]>;
  /** A place for tasks that share an object of type `S`, all of whose properties are optional. */
  session<S extends SessionState>(): Session<S>;
}

/** Tasks that run in one thread, one after another, over one object. */
export interface Session<S extends SessionState> {
  run<I, O>(task: Task<I, O, S>, input: I, options?: RunOptions): Promise<O>;
  /** Frees what the session holds, after the tasks that were run before. */
  end(): Promise<void>;
}
