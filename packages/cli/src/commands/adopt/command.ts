import { defineCommand } from '../../command-line/command-spec.js';

export const adoptCommand = defineCommand({
  name: 'adopt',
  summary: 'create a store from a plain LevelDB directory',
  description:
    'Creates a store with the current content of a LevelDB database (of classic-level, level, LevelDB ' +
    'itself or another program that writes its format). Reads the tables in full first, then links ' +
    'them; the database is not changed and may be open. Refuses what LevelDB cannot read: damaged ' +
    'tables, other compressions, other databases such as RocksDB.',
  arguments: [
    { name: 'leveldb', summary: 'the database', value: { type: 'path', of: 'directory' } },
    {
      name: 'store',
      summary: 'the store to create',
      value: { type: 'path', of: 'store directory' },
    },
  ],
  options: {},
  examples: [['adopt old-database base', 'the database remains usable']],
});
