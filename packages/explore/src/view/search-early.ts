// A search that may come before the names are read: it also looks up ids by key, and waits a moment for a first name.
import { setTimeout as pause } from 'node:timers/promises';
import { type FoundNames, mayHold, type NameIndex, type NameQuery } from './name-index.js';
import { type FoundId, idsByKey } from './name-parts.js';

/** The longest wait for a first name. */
const FIRST_NAME_MS = 150;
/** The time between looks at the names that have been read meanwhile. */
const LOOK_MS = 50;

/**
 * Searches the names of a sync, first those that begin with the text.
 *
 * @param signal ends the wait for a first name
 * @param waitMs the longest wait for a first name
 * @throws the error that ended the reading of names
 */
export async function searchEarly(
  names: NameIndex,
  query: NameQuery,
  signal: AbortSignal,
  waitMs = FIRST_NAME_MS,
): Promise<FoundNames> {
  let found = names.search(query);
  if (found.isComplete || !found.isReading) return found;
  const byKey = await lookUp(names, query);
  const deadline = performance.now() + waitMs;
  for (;;) {
    found = names.search(query);
    const ids = union(byKey, found.ids, query.limit);
    const isDone = found.isComplete || !found.isReading || ids.length > 0;
    if (isDone || signal.aborted || performance.now() >= deadline) return { ...found, ids };
    await pause(LOOK_MS);
  }
}

async function lookUp(names: NameIndex, query: NameQuery): Promise<readonly FoundId[]> {
  const { text, limit, kind, type } = query;
  const parts = (await names.parts).filter((part) => mayHold(part, kind, type));
  const found = await Promise.all(parts.map((part) => idsByKey(names.state, part, text, limit)));
  return found.flat();
}

/** Joins two lists of ids, each id once, up to a limit. */
function union(
  first: readonly FoundId[],
  second: readonly FoundId[],
  limit: number,
): readonly FoundId[] {
  const ids = new Map([...first, ...second].map((id) => [JSON.stringify(id), id]));
  return [...ids.values()].slice(0, limit);
}
