// A session: tasks that run in one thread, one after another, and share an object that lives there. What is large,
// or cannot be copied between threads, stays in it from one task to the next.
import { defineTask } from './task.js';

/** The object of a session, which the pool makes and passes to its tasks. */
export interface SessionState {
  /** Frees what the object holds; called when the session ends. */
  close?: (() => void) | undefined;
}

/** The last task of each session. */
export const endSessionTask = defineTask(
  'endSession',
  (_fileSystem, _input: undefined, _checkCancelled, session: SessionState) => session.close?.(),
);
