// Bulk threads yield to readers and writers: on few cores a commit's splitting and linking would else
// delay the threads that serve gets. Linux gives each thread a priority of its own; elsewhere nothing
// is done, and nothing depends on it.
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Lowers the calling thread's priority, where the system knows such a thing. */
export function lowerThreadPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    // "<process id>/task/<thread id>"
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (Number.isSafeInteger(thread) && thread !== process.pid) {
      setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
    }
  } catch {
    // No /proc, or not allowed: the thread works on as it is.
  }
}
