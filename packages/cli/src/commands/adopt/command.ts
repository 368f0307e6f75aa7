import { defineCommand } from '../../command-line/command-spec.js';

export const adoptCommand = defineCommand({
  name: 'adopt',
  summary: 'make a store of a plain LevelDB directory',
  description:
    'Makes a store that holds what a LevelDB database (of classic-level, level, LevelDB itself or ' +
    'another program that writes its format) holds now. Tables are read in full first, then ' +
    'linked; the database is left as it is, and may be open. Refuses what LevelDB cannot read: ' +
    'damaged tables, other compressions, other databases such as RocksDB.',
  arguments: [
    { name: 'leveldb', summary: 'the database', value: { type: 'path', of: 'directory' } },
    { name: 'store', summary: 'the store to make', value: { type: 'path', of: 'store' } },
  ],
  options: {},
  examples: [['adopt old-database base', 'the database stays usable']],
});
