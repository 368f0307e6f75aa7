// The messages between the main thread and the worker threads.
import type { TaskFailure } from './task-errors.js';

/** Sent by a worker thread once it has loaded its code. */
export const READY = 'ready';

/** What a worker thread is started with. */
export interface ThreadData {
  readonly lowPriority: boolean;
  /** One Int32: the number of requests in the thread's queue, except for background requests. */
  readonly waiting: SharedArrayBuffer;
  /** What `heldFilesCount` returned. */
  readonly heldFiles: SharedArrayBuffer;
}

/** A request to run a task for items that no other thread takes. */
export interface TaskRequest {
  readonly id: number;
  readonly name: string;
  readonly items: readonly unknown[];
  /** The memory of an ItemCounter. */
  readonly nextItem: SharedArrayBuffer;
  /** The memory of a RequestState. */
  readonly state: SharedArrayBuffer;
  readonly session: number | undefined;
  /** Whether other requests go first, between any two items. Such a request is not counted in `waiting`. */
  readonly background: boolean;
}

/** An answer to a request, which can have several. */
export interface TaskResponse {
  readonly id: number;
  /** The outputs of the items that ran since the last answer. */
  readonly outputs: ReadonlyArray<readonly [index: number, output: unknown]>;
  /** Whether this is the last answer. */
  readonly isEnd: boolean;
  /** The error that ended the request early. */
  readonly failure?: TaskFailure;
}
