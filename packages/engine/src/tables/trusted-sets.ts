// Table sets that this program made itself: their tables need no second check before a commit.
import type { OpenFile } from '@sstitch/sst';
import type { TableSet } from './table-set.js';

/** What a commit has to know of a set beside its tables. */
export interface TrustedFacts {
  /** Files of its tables that are held (files/held-files.ts), for one commit of the set to sync. */
  readonly unsynced?: readonly OpenFile[] | undefined;
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

/** The held files of a set, which are the caller's from now on. Those of other tables are synced. */
export function takeUnsyncedOf(set: TableSet): readonly OpenFile[] {
  const { unsynced = [], ...facts } = sets.get(set) ?? {};
  if (unsynced.length > 0) sets.set(set, facts);
  return unsynced;
}

/** Ends when the set's tables are checked; nothing where they were so from the beginning. */
export function checkingOf(set: TableSet): Promise<unknown> | undefined {
  return sets.get(set)?.checking;
}
