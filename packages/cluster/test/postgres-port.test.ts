// The port on a real PostgreSQL server.
import { randomUUID } from 'node:crypto';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterConnection } from '../src/connection.js';
import { openPostgres } from '../src/postgres/index.js';
import { portConformance } from './port-conformance/port-conformance.js';

if (missingPostgres !== undefined) console.warn(`skipped: ${missingPostgres}`);

describe.skipIf(missingPostgres !== undefined)('on PostgreSQL', () => {
  let server: PostgresServer;
  const schema = `sstitch test ${randomUUID()}`;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await statement(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await server.stop();
  });

  async function statement(text: string): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  }

  portConformance('PostgreSQL', { describe, it }, async () => {
    const opened: ClusterConnection[] = [];
    return {
      open: async (store) => {
        const connection = await openPostgres({ connectionString: server.url, schema });
        opened.push(connection);
        return connection.store(store);
      },
      destroy: async () => {
        await Promise.all(opened.map((connection) => connection.close()));
      },
    };
  });

  it('sets up a schema that many processes create at once', async () => {
    const fresh = `sstitch test ${randomUUID()}`;
    const connections = await Promise.all(
      Array.from({ length: 6 }, () =>
        openPostgres({ connectionString: server.url, schema: fresh, connections: 1 }),
      ),
    );
    const { rows } = await statement(`SELECT version FROM "${fresh}".format`);
    expect(rows).toEqual([{ version: 1 }]);
    await Promise.all(connections.map((connection) => connection.close()));
    await statement(`DROP SCHEMA "${fresh}" CASCADE`);
  });
});
