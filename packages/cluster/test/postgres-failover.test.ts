// A primary that is lost, and its synchronous standby in its place.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { openPostgres } from '../src/postgres/index.js';
import { ClusterStore } from '../src/store/cluster-store.js';

const isOthers = process.env['SSTITCH_POSTGRES'] !== undefined;

describe.skipIf(missingPostgres !== undefined || isOthers)('a failover of PostgreSQL', () => {
  it('loses no acknowledged write, and stores continue', async () => {
    const primary = await startPostgres();
    const standby = await primary.own?.startStandby();
    if (standby === undefined) throw new Error('no standby');
    await statement(primary, `ALTER SYSTEM SET synchronous_standby_names = 'standby'`);
    await statement(primary, 'SELECT pg_reload_conf()');
    await expect
      .poll(async () => {
        const { rows } = await statement(primary, 'SELECT sync_state FROM pg_stat_replication');
        return rows[0]?.sync_state;
      })
      .toBe('sync');

    // The address that leads to the primary of the moment.
    const address = await startForwarder(primary);
    const connection = await openPostgres({ connectionString: address.url, retryMs: 60_000 });
    const stores = [1, 2].map(() => new ClusterStore(connection.store('tenant')));
    const acknowledged: string[] = [];
    let isOver = false;
    const writers = stores.map(async (store, writer) => {
      for (let count = 0; !isOver; count++) {
        const key = `${writer}/${String(count).padStart(6, '0')}`;
        // Writing it again is harmless: the first attempt may have succeeded.
        await store.put(key, 'value').then(
          () => acknowledged.push(key),
          (error: { code?: string; message: string }) =>
            expect(`${error.code}: ${error.message}`).toMatch(/UNAVAILABLE|COMMIT_UNKNOWN/),
        );
      }
    });
    const grows = async (by: number) => {
      const before = acknowledged.length;
      await expect.poll(() => acknowledged.length).toBeGreaterThan(before + by);
    };
    await grows(50);
    const view = stores[0]?.snapshot();
    const held = await stores[0]?.keys({ snapshot: view }).all();
    await primary.own?.kill();
    await statement(standby, 'SELECT pg_promote()');
    address.leadTo(standby);
    await grows(50);
    isOver = true;
    await Promise.all(writers);

    const found = new Set(await stores[1]?.keys().all());
    expect(acknowledged.filter((key) => !found.has(key))).toEqual([]);
    expect(await stores[0]?.keys({ snapshot: view }).all()).toEqual(held);
    await view?.close();
    for (const store of stores) await store.close();
    await connection.close();
    await address.stop();
    await standby.stop();
    await primary.stop();
  });
});

async function statement(server: PostgresServer, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

/** An address that can be led to another server; connections to the one before end. */
async function startForwarder(first: PostgresServer) {
  let target = new URL(first.url);
  const sockets = new Set<Socket>();
  const forwarder = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(forwarder, 'listening');
  const bound = forwarder.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  const url = new URL(first.url);
  url.port = String(bound.port);
  const endConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    leadTo: (server: PostgresServer) => {
      target = new URL(server.url);
      endConnections();
    },
    stop: async () => {
      endConnections();
      forwarder.close();
      await once(forwarder, 'close');
    },
  };
}
