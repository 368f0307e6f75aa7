// Sessions. The tasks of a session run one after another in one thread, and share an object in that thread for state
// that is large or cannot be copied between threads.
import { defineTask } from './task.js';

/** The object of a session, which the pool makes and passes to the session's tasks. */
export interface SessionState {
  /** Called when the session ends, to free resources. */
  close?: (() => void) | undefined;
}

/** The last task of each session. */
export const endSessionTask = defineTask(
  'endSession',
  (_fileSystem, _input: undefined, _checkCancelled, session: SessionState) => session.close?.(),
);
