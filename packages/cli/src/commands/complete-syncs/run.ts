import type { Run } from '../../command-line/command-context.js';
import {
  LATEST,
  LATEST_FINISHED,
  newestFirst,
  type SyncChoice,
} from '../../command-line/sync-reference.js';
import { findSyncs } from '../../stores/find-syncs.js';
import { withReader } from '../../stores/open-store.js';
import type { completeSyncsCommand } from './command.js';
import { storesOnLine } from './stores-on-line.js';

interface Offer {
  readonly reference: string;
  readonly meaning: string;
}

export const run: Run<typeof completeSyncsCommand> = async (
  { program, quiet, signal },
  { words },
) => {
  const choices = new Map<string, SyncChoice>();
  for (const location of storesOnLine(program, words.slice(0, -1))) {
    try {
      const found = await withReader(location, (reader) => findSyncs(reader, signal), { signal });
      for (const choice of found) choices.set(choice.syncId, choice);
    } catch {
      // There is no store: the command itself reports that.
    }
  }
  const current = words.at(-1) ?? '';
  const given = current.slice(0, current.lastIndexOf(',') + 1);
  const offers = offersOf([...choices.values()]).map(({ reference, meaning }) => ({
    reference: `${given}${reference}`,
    meaning,
  }));
  const fitting = offers.filter(({ reference }) => reference.startsWith(current));
  return {
    document: fitting,
    text: fitting
      .map(({ reference, meaning }) => (quiet ? `${reference}\n` : `${reference}\t${meaning}\n`))
      .join(''),
  };
};

function offersOf(choices: readonly SyncChoice[]): readonly Offer[] {
  const newest = newestFirst(choices);
  return [
    ...newest.map((choice) => ({ reference: choice.syncId, meaning: meaningOf(choice) })),
    { reference: LATEST, meaning: 'the sync that started last' },
    { reference: LATEST_FINISHED, meaning: 'the sync that finished last' },
    ...newest.slice(1).map(({ syncId }, at) => ({ reference: `@${at + 2}`, meaning: syncId })),
  ];
}

function meaningOf({ startedAt, endedAt }: SyncChoice): string {
  if (startedAt === undefined) return 'no run record';
  const started = startedAt.toISOString().slice(0, 16).replace('T', ' ');
  return `started ${started}${endedAt === undefined ? ', not finished' : ''}`;
}
