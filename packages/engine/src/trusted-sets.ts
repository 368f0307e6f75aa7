// Table sets that this program extracted itself: their tables need no second check before a commit.
import type { TableSet } from './tables.js';

const sets = new WeakSet<object>();

export function trusted<T extends TableSet>(set: T): T {
  sets.add(set);
  return set;
}

export function isTrusted(set: object): boolean {
  return sets.has(set);
}
