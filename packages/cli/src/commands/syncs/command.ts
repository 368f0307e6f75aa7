import { defineCommand } from '../../command-line/command-spec.js';
import { storeOrFileArgument, zoneOption } from '../../command-line/shared-options.js';

export const syncsCommand = defineCommand({
  name: 'syncs',
  summary: 'list the syncs in a store',
  description:
    'Lists every sync in a store or a file of syncs: its type, when it ran, how many records it has, and roughly what ' +
    'it takes on disk. Counts come from the statistics that a sync writes at its end; if there are ' +
    'none, and always with --exact, the keys are counted.',
  arguments: [storeOrFileArgument],
  options: {
    exact: { summary: 'count the keys instead of reading statistics' },
    zone: zoneOption,
  },
  examples: [
    ['syncs base', 'as a table'],
    ['syncs sync.c1z', 'those of a file'],
    ['syncs base --json --exact', 'JSON, for a program, with exact counts'],
  ],
});
