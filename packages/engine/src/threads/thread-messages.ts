// The messages between the process's main thread and its worker threads.
import type { TaskFailure } from './task-errors.js';

/** A worker thread has loaded its code. */
export const READY = 'ready';

/** What a worker thread is started with. */
export interface ThreadData {
  readonly lowPriority: boolean;
  /** One Int32: how many requests wait in the thread's queue, those of the background left out. */
  readonly waiting: SharedArrayBuffer;
  /** See `heldFilesCount`. */
  readonly heldFiles: SharedArrayBuffer;
}

/** Run a task for each of the items that no other thread takes. */
export interface TaskRequest {
  readonly id: number;
  readonly name: string;
  readonly items: readonly unknown[];
  /** See ItemCounter. */
  readonly nextItem: SharedArrayBuffer;
  /** See RequestState. */
  readonly state: SharedArrayBuffer;
  readonly session: number | undefined;
  /** Other requests go first, between any two items. It was not counted among those that wait. */
  readonly background: boolean;
}

/** One of the answers to a request. */
export interface TaskResponse {
  readonly id: number;
  /** Of the items that ran since the last answer, by their indexes. */
  readonly outputs: ReadonlyArray<readonly [index: number, output: unknown]>;
  /** There are no more. */
  readonly isEnd: boolean;
  /** Why it ended early. */
  readonly failure?: TaskFailure;
}
