// Table sets that this program made itself: their tables need no second check before a commit.
import type { TableSet } from './table-set.js';

/** What a commit has to know of a set beside its tables. */
export interface TrustedFacts {
  /** A path of each file to sync, where not all paths are of files of their own. */
  readonly unsynced?: readonly string[] | undefined;
  /** Ends when the tables that were linked as they are have been checked: before LevelDB may see them. */
  readonly checking?: Promise<unknown> | undefined;
}

const sets = new WeakMap<object, TrustedFacts>();

export function trusted<T extends TableSet>(set: T, facts: TrustedFacts = {}): T {
  sets.set(set, facts);
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
  const told = sets.get(set)?.unsynced;
  if (told !== undefined) return told;
  const tables = set.spans.flatMap(({ runs }) => runs.flat());
  return tables.filter(({ origin }) => origin !== 'linked').map(({ path }) => path);
}

/** Ends when the set's tables are checked; nothing where they were so from the beginning. */
export function checkingOf(set: TableSet): Promise<unknown> | undefined {
  return sets.get(set)?.checking;
}
