// Stores on Cassandra nodes.
import { afterAll, beforeAll, describe } from 'vitest';
import type { ClusterConnection } from '../src/connection.js';
import { connectToCassandra, missingCassandra } from './cassandra-nodes.js';
import { storeSuites } from './store-suites.js';

describe.skipIf(missingCassandra !== undefined)('on Cassandra', () => {
  let connection: ClusterConnection;

  beforeAll(async () => {
    connection = await connectToCassandra();
  });
  afterAll(() => connection.close());

  storeSuites('Cassandra', () => connection, { metamorphicRuns: 2 });
});
