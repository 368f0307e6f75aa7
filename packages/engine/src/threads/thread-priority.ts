// Lowers the priority of bulk threads, so that on few cores a commit's work does not delay the threads that serve gets.
// Linux has a priority for each thread. On other systems this does nothing, and nothing depends on it.
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Lowers the calling thread's priority, if the system supports it. */
export function lowerThreadPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    // "<process id>/task/<thread id>"
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (Number.isSafeInteger(thread) && thread !== process.pid) {
      setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
    }
  } catch {
    // There is no /proc, or no permission: the priority stays as it is.
  }
}
