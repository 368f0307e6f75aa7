// What the process's main thread and its worker threads tell each other.
import type { TaskFailure } from './task-errors.js';

/** A worker thread has loaded its code. */
export const READY = 'ready';

/** What a worker thread is started with. */
export interface ThreadData {
  readonly lane: 'bulk' | 'urgent';
  /** One Int32: how many requests wait for the thread, but for those that give way themselves. */
  readonly waiting: SharedArrayBuffer;
  /** See `heldFilesCount`. */
  readonly heldFiles: SharedArrayBuffer;
}

export interface TaskRequest {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
  /** See task-state.ts. */
  readonly state: SharedArrayBuffer;
  /** It was not counted among those that wait. */
  readonly background: boolean;
}

export type TaskResponse =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly failure: TaskFailure };
