import { defineCommand } from '../../command-line/command-spec.js';

export const manifestDumpCommand = defineCommand({
  name: 'manifest dump',
  summary: 'show the counters and tables of a MANIFEST',
  description:
    'Shows the content of the current MANIFEST: its counters and, level by level, its tables with ' +
    'their sizes, bounds and sequence numbers. The directory is a store, whose current generation is ' +
    'read, a generation, or any LevelDB database; it may be open. Exits with 4 if the MANIFEST ' +
    'breaks a rule.',
  arguments: [
    { name: 'directory', summary: 'the database', value: { type: 'path', of: 'directory' } },
  ],
  options: {},
  examples: [
    ['manifest dump base', 'the tables of each level'],
    ['manifest dump base/gen-000001 --json', 'with whole keys'],
  ],
});
