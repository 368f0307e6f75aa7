// The interface that runs tasks, in worker threads or on the calling thread.
import type { TransferListItem } from 'node:worker_threads';
import type { FileSystem } from '@sstitch/sst';
import type { SessionState } from './session.js';
import type { Task } from './task.js';

/** Two bulk threads, so that one store's long task does not block another's. More would only compete for the disk. */
export const BULK_THREADS = 2;

/**
 * The priority of a task.
 * - `urgent`: a commit's pause or a close waits for it. It has a thread of its own.
 * - `background`: between any two items, all other work goes first.
 *
 * @defaultValue 'normal'
 */
export type Priority = 'urgent' | 'normal' | 'background';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly priority?: Priority;
  /** Buffers of the input that are transferred to the thread instead of copied. */
  readonly transfer?: readonly TransferListItem[];
}

export interface ForEachOptions<O> extends Omit<RunOptions, 'transfer'> {
  /**
   * Called with each output as it arrives, in any order, including outputs of items that were begun before a failure or
   * an abort. What it throws ends the work.
   */
  readonly onOutput?: ((output: O, index: number) => void) | undefined;
}

/**
 * Runs tasks. When the signal fires, a task that has not begun settles at once and never runs; one that has begun
 * settles when it has ended. Every method throws what the task threw, or an AbortError if the signal fired.
 */
export interface WorkerPool {
  /** The file system that tasks work on. */
  readonly fileSystem: FileSystem;
  /** Runs a task in one thread. */
  run<I, O>(task: Task<I, O>, input: I, options?: RunOptions): Promise<O>;
  /**
   * Runs a task for every item, in all threads of the priority. Fulfils with the outputs in the order of the items.
   * After a failure no further item begins. It settles when no item runs, so that the caller can remove the files.
   *
   * @throws the first failure; a failed fsync takes precedence, as it leaves the contents of the disk unknown
   */
  forEach<I, O>(task: Task<I, O>, items: readonly I[], options?: ForEachOptions<O>): Promise<O[]>;
  /** Begins a session, whose tasks share an object of type `S`. All properties of `S` are optional. */
  session<S extends SessionState>(): Session<S>;
}

/** Runs tasks one after another in one thread, over one object. */
export interface Session<S extends SessionState> {
  run<I, O>(task: Task<I, O, S>, input: I, options?: RunOptions): Promise<O>;
  /** Ends the session after the tasks that were run before, and frees its object. */
  end(): Promise<void>;
}
