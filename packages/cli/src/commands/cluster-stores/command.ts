import { defineCommand } from '../../command-line/command-spec.js';

export const clusterStoresCommand = defineCommand({
  name: 'cluster stores',
  summary: 'list the stores of a database',
  description:
    'Lists the stores in a keyspace of Cassandra, or in a schema of a PostgreSQL database, by the addresses that other ' +
    'commands take: the address of the database is that of a store without its last part. A store is listed from its ' +
    'first write on.',
  arguments: [
    {
      name: 'address',
      summary: 'the address of the database',
      value: { type: 'path', of: 'cluster database' },
    },
  ],
  options: {},
  examples: [
    ['cluster stores postgres://db/main?schema=tenants', 'the stores of a schema'],
    ['cluster stores cassandra://db1,db2/tenants --quiet', 'an address a line, for a loop'],
  ],
});
