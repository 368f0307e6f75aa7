import { defineCommand } from '../../command-line/command-spec.js';

export const syncsCommand = defineCommand({
  name: 'syncs',
  summary: 'list the syncs in a store',
  description:
    'Lists every sync in a store: what it is, when it ran, how many records it has, and what it ' +
    'takes on disk, roughly. Counts come from the statistics that a sync ends with; where there ' +
    'are none, and always with --exact, the keys are counted.',
  arguments: [
    { name: 'store', summary: 'the store to read', value: { type: 'path', of: 'store' } },
  ],
  options: { exact: { summary: 'count keys, whatever the statistics say' } },
  examples: [
    ['syncs base', 'as a table'],
    ['syncs base --json --exact', 'for a program, counted key by key'],
  ],
});
