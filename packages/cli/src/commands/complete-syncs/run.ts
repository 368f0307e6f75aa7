import type { Run } from '../../command-line/command-context.js';
import {
  chooseSyncs,
  LATEST,
  LATEST_FINISHED,
  newestFirst,
  type SyncChoice,
} from '../../command-line/sync-reference.js';
import { findSyncs } from '../../stores/find-syncs.js';
import { withReader } from '../../stores/open-store.js';
import type { completeSyncsCommand } from './command.js';
import { type OptionOnLine, optionOnLine } from './option-on-line.js';

interface Offer {
  readonly reference: string;
  readonly meaning: string;
}

export const run: Run<typeof completeSyncsCommand> = async (
  { program, quiet, signal },
  { words },
) => {
  const option = optionOnLine(program, words.slice(0, -1));
  const offers = option === undefined ? [] : await offersFor(option, words.at(-1) ?? '', signal);
  return {
    document: offers,
    text: offers
      .map(({ reference, meaning }) => (quiet ? `${reference}\n` : `${reference}\t${meaning}\n`))
      .join(''),
  };
};

async function offersFor(
  { stores, isVersion, sync }: OptionOnLine,
  current: string,
  signal: AbortSignal,
): Promise<readonly Offer[]> {
  const found = new Map<string, SyncChoice>();
  for (const location of stores) {
    try {
      const choices = await withReader(location, (reader) => findSyncs(reader, signal), { signal });
      for (const choice of choices) found.set(choice.syncId, choice);
    } catch {
      // There is no store: the command itself reports that.
    }
  }
  const choices = [...found.values()];
  const given = current.slice(0, current.lastIndexOf(',') + 1);
  const fitting = (offers: readonly Offer[]) =>
    offers
      .map(({ reference, meaning }) => ({ reference: `${given}${reference}`, meaning }))
      .filter(({ reference }) => reference.startsWith(current));
  if (isVersion) return fitting(versionOffers(versionsOf(choices, sync)));
  const syncs = fitting(syncOffers(choices));
  // As references do: a version is named by more of its id than its sync has in common with it.
  return syncs.length > 0 ? syncs : fitting(versionOffers(versionsOf(choices, undefined)));
}

function syncOffers(choices: readonly SyncChoice[]): readonly Offer[] {
  const newest = newestFirst(choices);
  return [
    ...newest.map((choice) => ({ reference: choice.syncId, meaning: meaningOf(choice) })),
    { reference: LATEST, meaning: 'the sync that started last' },
    { reference: LATEST_FINISHED, meaning: 'the sync that finished last' },
    ...newest.slice(1).map(({ syncId }, at) => ({ reference: `@${at + 2}`, meaning: syncId })),
  ];
}

/** The kept versions of the sync that a reference names; of all syncs without one, or if it names none. */
function versionsOf(
  choices: readonly SyncChoice[],
  reference: string | undefined,
): readonly SyncChoice[] {
  const versions = choices.filter(({ versionOf }) => versionOf !== undefined);
  if (reference === undefined) return versions;
  try {
    const syncIds = chooseSyncs([reference], choices, '');
    return versions.filter(({ versionOf = '' }) => syncIds.includes(versionOf));
  } catch {
    return versions;
  }
}

function versionOffers(versions: readonly SyncChoice[]): readonly Offer[] {
  return versions.map((version) => ({
    reference: version.syncId,
    meaning: `a kept version of ${version.versionOf}: ${meaningOf(version)}`,
  }));
}

function meaningOf({ startedAt, endedAt }: SyncChoice): string {
  if (startedAt === undefined) return 'no run record';
  const started = startedAt.toISOString().slice(0, 16).replace('T', ' ');
  return `started ${started}${endedAt === undefined ? ', not finished' : ''}`;
}
