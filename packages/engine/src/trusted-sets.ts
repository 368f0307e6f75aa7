// Table sets that this program made itself: their tables need no second check before a commit. What was
// made for a commit may be on its way to the disk already.
import type { TableSet } from './tables.js';

const sets = new WeakMap<object, Promise<void> | undefined>();

/** @param syncing ends when all that was written for the set is synced */
export function trusted<T extends TableSet>(set: T, syncing?: Promise<void>): T {
  // A failure is thrown where it is waited for.
  syncing?.catch(() => undefined);
  sets.set(set, syncing);
  return set;
}

export function isTrusted(set: object): boolean {
  return sets.has(set);
}

/** What `trusted` was told; undefined where nobody syncs the set's tables yet. */
export function syncingOf(set: object): Promise<void> | undefined {
  return sets.get(set);
}
