// The port on Cassandra nodes.
import { describe, it } from 'vitest';
import type { ClusterConnection } from '../src/connection.js';
import { connectToCassandra, missingCassandra } from './cassandra-nodes.js';
import { portConformance } from './port-conformance/port-conformance.js';

/** Many rows, and far less than the longest block, which takes the nodes minutes. */
const LARGE_BLOCK_BYTES = 8 * 1024 * 1024;

describe.skipIf(missingCassandra !== undefined)('on Cassandra', () => {
  portConformance(
    'Cassandra',
    { describe, it },
    async () => {
      const connections: ClusterConnection[] = [];
      return {
        open: async (store) => {
          const connection = await connectToCassandra();
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
});
