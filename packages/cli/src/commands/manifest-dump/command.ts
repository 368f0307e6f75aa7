import { defineCommand } from '../../command-line/command-spec.js';

export const manifestDumpCommand = defineCommand({
  name: 'manifest dump',
  summary: 'show counters and tables of a MANIFEST',
  description:
    'Shows what the MANIFEST in force says: its counters and, level by level, its tables with ' +
    'their sizes, bounds and sequences. The directory is a store, of which the generation in ' +
    'force is read, a generation of one, or any LevelDB database; it may be open. Exits with 4 if the MANIFEST breaks a rule.',
  arguments: [
    { name: 'directory', summary: 'the database', value: { type: 'path', of: 'directory' } },
  ],
  options: {},
  examples: [
    ['manifest dump base', 'the tables of each level'],
    ['manifest dump base/gen-000001 --json', 'with whole keys'],
  ],
});
