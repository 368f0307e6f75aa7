// Table sets that this program made itself: their tables need no second check before a commit.
import type { TableSet } from './tables.js';

const sets = new WeakMap<object, readonly string[] | undefined>();

/** @param unsynced a path of each file that a commit has to sync, where not all paths are of files of their own */
export function trusted<T extends TableSet>(set: T, unsynced?: readonly string[]): T {
  sets.set(set, unsynced);
  return set;
}

export function isTrusted(set: object): boolean {
  return sets.has(set);
}

/**
 * The files that a commit of the set has to sync. A linked table was made durable by the database that wrote
 * it; others are new, in whole or in part.
 */
export function unsyncedIn(set: TableSet): readonly string[] {
  const told = sets.get(set);
  if (told !== undefined) return told;
  const tables = set.spans.flatMap(({ runs }) => runs.flat());
  return tables.filter(({ origin }) => origin !== 'linked').map(({ path }) => path);
}
