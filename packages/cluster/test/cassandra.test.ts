// Everything that a backend has to pass, on the Cassandra nodes that SSTITCH_CASSANDRA names (host:port,host:port …);
// `pnpm cluster:test` starts three.
import { describe, it } from 'vitest';
import { openCassandra } from '../src/cassandra/index.js';
import type { ClusterConnection } from '../src/connection.js';
import { portConformance } from './port-conformance/port-conformance.js';

const contactPoints = process.env['SSTITCH_CASSANDRA']?.split(',');
const KEYSPACE = 'sstitch_test';
/** A block of eight rows, of which some miss the first write. The longest one takes the nodes minutes. */
const LARGE_BLOCK_BYTES = 8 * 1024 * 1024;

if (contactPoints === undefined) {
  describe('Cassandra', () => {
    it.skip('needs SSTITCH_CASSANDRA, or `pnpm cluster:test`', () => {});
  });
} else {
  const connect = () => openCassandra({ contactPoints, keyspace: KEYSPACE, create: true });
  portConformance(
    'Cassandra',
    { describe, it: (name, body) => it(name, { timeout: 120_000 }, body) },
    async () => {
      const connections: ClusterConnection[] = [];
      return {
        open: async (store) => {
          const connection = await connect();
          connections.push(connection);
          return connection.store(store);
        },
        destroy: async () => {
          await Promise.all(connections.map((connection) => connection.close()));
        },
      };
    },
    { largeBlockBytes: LARGE_BLOCK_BYTES },
  );
}
