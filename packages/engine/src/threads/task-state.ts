// How far a task is that was sent to a worker thread: one Int32 that the thread and its sender share, so that a
// task which still waits in the thread's queue is cancelled without the thread, which may be busy for long.
//
// Invariant: a task either begins, or is cancelled before it begins; each side changes the state by a
// compare-and-swap, so that both know which.

const QUEUED = 0;
const BEGUN = 1;
const CANCELLED = 2;

export function newTaskState(): SharedArrayBuffer {
  return new SharedArrayBuffer(4);
}

/** The thread takes the task; false where it was cancelled before. */
export function beginTask(state: SharedArrayBuffer): boolean {
  return Atomics.compareExchange(new Int32Array(state), 0, QUEUED, BEGUN) === QUEUED;
}

/** Asks the task to end; true where it has not begun and never will. */
export function cancelTask(state: SharedArrayBuffer): boolean {
  const word = new Int32Array(state);
  if (Atomics.compareExchange(word, 0, QUEUED, CANCELLED) === QUEUED) return true;
  Atomics.store(word, 0, CANCELLED);
  return false;
}

export function isCancelled(state: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(state), 0) === CANCELLED;
}
