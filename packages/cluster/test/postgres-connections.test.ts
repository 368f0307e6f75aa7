// Connections to PostgreSQL that end at any moment, and more statements than connections.
import { randomUUID } from 'node:crypto';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../src/postgres/database.js';
import { openPostgres } from '../src/postgres/index.js';
import { settingsOf } from '../src/postgres/pool-settings.js';
import { newId } from './port-conformance/subject.js';
import { type PostgresProxy, startProxy } from './postgres-proxy.js';

describe.skipIf(missingPostgres !== undefined)('connections to PostgreSQL', () => {
  let server: PostgresServer;
  let proxy: PostgresProxy;
  let connectionString: string;
  const schema = `sstitch-${randomUUID()}`;

  beforeAll(async () => {
    server = await startPostgres();
    proxy = await startProxy(new URL(server.url));
    const url = new URL(server.url);
    url.port = String(proxy.port);
    connectionString = url.href;
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  it.each([
    ['its session is prepared', 'pg_is_in_recovery'],
    ['the tables are looked for', 'to_regclass'],
    ['the tables are created', 'CREATE TABLE'],
  ])('that end while %s are made again, and do not end the process', async (_, text) => {
    const later = `sstitch-${randomUUID()}`;
    proxy.endBefore(text);
    const connection = await openPostgres({ connectionString, schema: later });
    expect(await connection.stores()).toEqual([]);
    await connection.close();
  });

  it('are waited for by a statement for longer than the time of one statement', async () => {
    const options = { connectionString, connections: 1, statementMs: 5000, retryMs: 0 };
    const database = await Database.open(settingsOf(options));
    const statement = { name: 'sleep', text: 'SELECT pg_sleep(2) IS NULL AS is_null' };
    const results = await Promise.all(Array.from({ length: 4 }, () => database.run(statement, [])));
    expect(results.map(({ rows }) => rows)).toEqual(Array(4).fill([{ is_null: false }]));
    await database.close();
  });

  it('serve a lease before the statements that wait', async () => {
    const connection = await openPostgres({ connectionString, schema, connections: 1 });
    const port = connection.store('lease first');
    const ended: string[] = [];
    const reads = Array.from({ length: 50 }, () =>
      port.readHead(0, 'quorum').then(() => ended.push('read')),
    );
    const lease = port
      .writeLease({ owner: newId(), slot: 1, beat: 1, durationMs: 1 })
      .then(() => ended.push('lease'));
    await Promise.all([...reads, lease]);
    expect(ended.indexOf('lease')).toBeLessThan(5);
    await connection.close();
  });
});
