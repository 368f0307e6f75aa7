/*
 * Ways to name a sync on a command line:
 *
 *   36zfOAoWMxQdISbixanQCRBiX7E   its id
 *   36zf                          the beginning of the id of exactly one sync
 *   latest                        the sync that started last
 *   latest-finished               the sync that finished last
 *   @2                            the sync that started second to last; @1 is latest
 *
 * A whole id is used as it is, whether or not such a sync exists. The others are looked up among the syncs of a
 * store or a file. The words take precedence over ids that begin with them, and syncs over replaced versions, whose
 * ids begin as those of their syncs do.
 */
import { isSyncId, syncIdTime } from '@sstitch/keys';
import { CliError } from '../errors.js';

export const LATEST = 'latest';
export const LATEST_FINISHED = 'latest-finished';

const PREFIX = /^[0-9A-Za-z]{1,26}$/;
const RANK = /^@([1-9]\d{0,5})$/;
/** How many of the ids that match a prefix a message names. */
const MAX_NAMED = 3;

/** A sync that a reference can name. */
export interface SyncChoice {
  readonly syncId: string;
  /** @defaultValue the time in the id */
  readonly startedAt?: Date | undefined;
  /** Undefined if the sync has not finished. */
  readonly endedAt?: Date | undefined;
  /** The id of the sync of which it is a replaced version. @defaultValue none: it is a sync of its own */
  readonly versionOf?: string;
}

/** Whether a text is a reference to a sync. */
export function isSyncReference(text: string): boolean {
  return isSyncId(text) || text === LATEST_FINISHED || PREFIX.test(text) || RANK.test(text);
}

/** Whether resolving the reference requires the list of syncs. */
export function needsLookup(reference: string): boolean {
  return !isSyncId(reference);
}

/**
 * Resolves references to syncs.
 *
 * @param place the store or file, for messages
 * @throws CliError SSTITCH_SYNC_NOT_FOUND; SSTITCH_USAGE if a reference is ambiguous or two name the same sync
 */
export function chooseSyncs(
  references: readonly string[],
  choices: readonly SyncChoice[],
  place: string,
): readonly string[] {
  const syncIds = references.map((reference) => chooseSync(reference, choices, place));
  const twice = syncIds.find((syncId, at) => syncIds.indexOf(syncId) !== at);
  if (twice !== undefined) throw new CliError('SSTITCH_USAGE', `sync ${twice} is given twice`);
  return syncIds;
}

function chooseSync(reference: string, choices: readonly SyncChoice[], place: string): string {
  if (!needsLookup(reference)) return reference;
  const rank = reference === LATEST ? '1' : RANK.exec(reference)?.[1];
  if (rank !== undefined) {
    const ranked = newestFirst(choices);
    const found = ranked[Number(rank) - 1];
    if (found !== undefined) return found.syncId;
    const held = ranked.length === 1 ? '1 sync' : `${ranked.length || 'no'} syncs`;
    throw notFound(`${place} holds ${held}: there is no ${reference}`);
  }
  if (reference === LATEST_FINISHED) {
    const found = lastFinished(choices);
    if (found !== undefined) return found.syncId;
    throw notFound(`${place} holds no finished sync: there is no ${reference}`);
  }
  const matching = choices.filter(({ syncId }) => syncId.startsWith(reference));
  const present = matching.filter(({ versionOf }) => versionOf === undefined);
  const fitting = present.length > 0 ? present : matching;
  const [only, ...others] = fitting.map(({ syncId }) => syncId);
  if (only === undefined) throw notFound(`${place} holds no sync ${reference}…`);
  if (others.length === 0) return only;
  const named = fitting.slice(0, MAX_NAMED).map(({ syncId }) => syncId);
  const more = fitting.length > MAX_NAMED ? ', …' : '';
  throw new CliError(
    'SSTITCH_USAGE',
    `${fitting.length} syncs of ${place} begin with ${reference} (${named.join(', ')}${more}): give more of the id`,
  );
}

/**
 * Sorts by start, the newest first. Omits replaced versions. A copy has the start of its original, whose id was made
 * nearer to the start and comes first. Then the smaller id comes first.
 */
export function newestFirst(choices: readonly SyncChoice[]): readonly SyncChoice[] {
  const present = choices.filter(({ versionOf }) => versionOf === undefined);
  return present.toSorted(
    (a, b) =>
      startMs(b) - startMs(a) ||
      idDistanceMs(a) - idDistanceMs(b) ||
      (a.syncId < b.syncId ? -1 : 1),
  );
}

function lastFinished(choices: readonly SyncChoice[]): SyncChoice | undefined {
  let last: SyncChoice | undefined;
  for (const choice of newestFirst(choices)) {
    if (choice.endedAt === undefined) continue;
    if (last?.endedAt === undefined || choice.endedAt > last.endedAt) last = choice;
  }
  return last;
}

function startMs({ syncId, startedAt = syncIdTime(syncId) }: SyncChoice): number {
  return startedAt.getTime();
}

/** From the time in a sync's id to its start. */
function idDistanceMs(choice: SyncChoice): number {
  return Math.abs(syncIdTime(choice.syncId).getTime() - startMs(choice));
}

function notFound(message: string): CliError {
  return new CliError('SSTITCH_SYNC_NOT_FOUND', message);
}
