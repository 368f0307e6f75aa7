// Stores on a real PostgreSQL server.
import { randomUUID } from 'node:crypto';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import { afterAll, beforeAll, describe } from 'vitest';
import type { ClusterConnection } from '../src/connection.js';
import { openPostgres } from '../src/postgres/index.js';
import { storeSuites } from './store-suites.js';

describe.skipIf(missingPostgres !== undefined)('on PostgreSQL', () => {
  let server: PostgresServer;
  let connection: ClusterConnection;

  beforeAll(async () => {
    server = await startPostgres();
    connection = await openPostgres({
      connectionString: server.url,
      schema: `sstitch-${randomUUID()}`,
    });
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });

  storeSuites('PostgreSQL', () => connection, { metamorphicRuns: 2 });
});
