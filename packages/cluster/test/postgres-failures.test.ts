// PostgreSQL that crashes, refuses, is configured otherwise, or is not the right one.
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterConnection } from '../src/connection.js';
import { Database } from '../src/postgres/database.js';
import { openPostgres, type PostgresOptions } from '../src/postgres/index.js';
import { settingsOf } from '../src/postgres/pool-settings.js';
import { ClusterStore } from '../src/store/cluster-store.js';
import { bytesOf, newId } from './port-conformance/subject.js';
import { startProxy } from './postgres-proxy.js';

if (missingPostgres !== undefined) console.warn(`skipped: ${missingPostgres}`);

describe.skipIf(missingPostgres !== undefined)('PostgreSQL', () => {
  let server: PostgresServer;
  const schema = `sstitch-${randomUUID()}`;

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

  async function connected(
    options: PostgresOptions,
    use: (connection: ClusterConnection) => Promise<unknown>,
  ): Promise<void> {
    const connection = await openPostgres({ connectionString: server.url, schema, ...options });
    try {
      await use(connection);
    } finally {
      await connection.close();
    }
  }

  it('lists the stores that have a commit, in order', async () => {
    const own = `sstitch-${randomUUID()}`;
    await connected({ schema: own }, async (connection) => {
      for (const name of ['b', 'a/1', 'ä', 'B']) {
        await connection.store(name).appendSlot(1, bytesOf(1));
      }
      await connection.store('never written').readHead(0, 'quorum');
      expect(await connection.stores()).toEqual(['B', 'a/1', 'b', 'ä']);
    });
    await statement(`DROP SCHEMA "${own}" CASCADE`);
  });

  it('refuses names that a database cannot keep', async () => {
    await connected({}, async (connection) => {
      for (const name of ['', 'a\0b', '\ud800', 'x'.repeat(1025)]) {
        expect(() => connection.store(name)).toThrow(/store's name/);
      }
    });
    for (const name of ['', 'x'.repeat(64), 'pg_catalog', 'a\0']) {
      await expect(openPostgres({ connectionString: server.url, schema: name })).rejects.toThrow(
        expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
      );
    }
  });

  it('does not create a schema with create: false', async () => {
    const missing = `sstitch-${randomUUID()}`;
    await expect(
      openPostgres({ connectionString: server.url, schema: missing, create: false }),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'SSTITCH_CLUSTER_NOT_FOUND',
        message: expect.stringContaining(`no tables of stores in schema ${missing}`),
      }),
    );
  });

  it('refuses tables of another version', async () => {
    const later = `sstitch-${randomUUID()}`;
    await connected({ schema: later }, async () => {});
    await statement(`UPDATE "${later}".format SET version = 2`);
    await expect(openPostgres({ connectionString: server.url, schema: later })).rejects.toThrow(
      expect.objectContaining({ code: 'SSTITCH_CLUSTER_CORRUPT' }),
    );
    await statement(`DROP SCHEMA "${later}" CASCADE`);
  });

  it('reports at once what no repetition mends, without the password', async () => {
    const url = new URL(server.url);
    url.pathname = '/no-such-database';
    url.password = 'very-secret';
    const error: unknown = await openPostgres({ connectionString: url.href }).catch((one) => one);
    expect(error).toMatchObject({
      code: 'SSTITCH_CLUSTER_NOT_FOUND',
      message: expect.stringContaining('no-such-database'),
    });
    expect(JSON.stringify(error) + String(error)).not.toContain('very-secret');
  });

  it('gives up on a server that is not there after retryMs', async () => {
    const url = new URL(server.url);
    url.port = '1';
    await expect(openPostgres({ connectionString: url.href, retryMs: 200 })).rejects.toThrow(
      expect.objectContaining({
        code: 'SSTITCH_CLUSTER_UNAVAILABLE',
        message: expect.stringContaining('ECONNREFUSED'),
      }),
    );
  });

  it('commits to disk in isolation READ COMMITTED, whatever the server is set to', async () => {
    await statement(`ALTER ROLE CURRENT_USER SET synchronous_commit = off`);
    await statement(`ALTER ROLE CURRENT_USER SET default_transaction_isolation = serializable`);
    try {
      await connected({}, async (connection) => {
        const ports = [connection.store('isolated'), connection.store('isolated')];
        for (let slot = 1; slot <= 20; slot++) {
          const outcomes = await Promise.all(
            ports.map((port) => port.appendSlot(slot, bytesOf(slot))),
          );
          // In isolation SERIALIZABLE the loser would fail instead.
          expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['applied', 'lost']);
        }
      });
      const database = await Database.open(settingsOf({ connectionString: server.url }));
      const text = `SELECT current_setting('synchronous_commit') AS value`;
      const { rows } = await database.run({ name: 'setting', text }, []);
      await database.close();
      expect(rows).toEqual([{ value: 'on' }]);
    } finally {
      // To disk: a test that kills the server may be next.
      await statement('SET synchronous_commit = on; ALTER ROLE CURRENT_USER RESET ALL');
    }
  });

  it('takes nothing back when the old copy of a statement arrives late', async () => {
    await connected({}, async (connection) => {
      const port = connection.store('late copies');
      const owner = newId();
      const run = newId();
      await port.writeLoad({ run, owner, chunks: 128 });
      await port.writeLoad({ run, owner, chunks: 64 });
      expect(await port.readLoads()).toEqual([{ run, owner, chunks: 128 }]);
      await port.writeLease({ owner, slot: 9, beat: 3, durationMs: 1 });
      await port.writeLease({ owner, slot: 5, beat: 2, durationMs: 1 });
      expect(await port.readLeases()).toEqual([{ owner, slot: 9, beat: 3, durationMs: 1 }]);
    });
  });

  it('does not read an announcement that is ten minutes old', async () => {
    await connected({}, async (connection) => {
      const port = connection.store('old announcements');
      const owner = newId();
      await port.writeAnnouncement({ owner, group: bytesOf(1) });
      await statement(
        `UPDATE "${schema}".announcements SET written_at = now() - interval '11 minutes'`,
      );
      expect(await port.readAnnouncements()).toEqual([]);
      await port.deleteAnnouncement(newId());
      const { rows } = await statement(`SELECT owner FROM "${schema}".announcements`);
      expect(rows).toEqual([]);
    });
  });

  it('leaves no row of a run that was deleted a week ago', async () => {
    await connected({}, async (connection) => {
      const port = connection.store('old runs');
      const run = newId();
      await port.writeChunk(run, 0, [bytesOf(1)]);
      await port.deleteRun(run, 64);
      await statement(`UPDATE "${schema}".runs SET deleted_at = now() - interval '8 days'`);
      await port.deleteRun(newId(), 64);
      const { rows } = await statement(`SELECT run FROM "${schema}".runs WHERE run = '${run}'`);
      expect(rows).toEqual([]);
    });
  });

  it('uses at most so many connections', async () => {
    await connected({ connections: 3, applicationName: 'counted' }, async (connection) => {
      const port = connection.store('counted');
      const reads = Promise.all(Array.from({ length: 50 }, () => port.readHead(0, 'quorum')));
      await reads;
      const { rows } = await statement(
        `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'`,
      );
      expect(Number(rows[0]?.count)).toBeLessThanOrEqual(3);
    });
  });

  it('answers an append "unknown" if the connection ends before the reply, and never appends it twice', async () => {
    const proxy = await startProxy(new URL(server.url));
    try {
      const url = new URL(server.url);
      url.port = String(proxy.port);
      await connected({ connectionString: url.href }, async (connection) => {
        const port = connection.store(`cut ${randomUUID()}`);
        expect(await port.appendSlot(1, bytesOf(1))).toEqual({ outcome: 'applied' });
        proxy.loseReplies();
        const outcome = await port.appendSlot(2, bytesOf(2));
        expect(outcome.outcome).toBe('unknown');
        // The server has got it; the reply was lost.
        await expect.poll(() => port.readHead(0, 'serial')).toBe(2);
        expect(await port.appendSlot(2, bytesOf(2))).toEqual({ outcome: 'lost' });
        // Reads and other writes are repeated on another connection.
        proxy.loseReplies();
        await port.writeLease({ owner: newId(), slot: 1, beat: 1, durationMs: 1 });
        expect(await port.readLeases()).toHaveLength(1);
      });
    } finally {
      await proxy.stop();
    }
  });

  it('gives up a statement that the server does not answer in statementMs', async () => {
    await connected({}, (connection) => connection.store('locked').appendSlot(1, bytesOf(1)));
    await connected({ statementMs: 2000 }, async (connection) => {
      const port = connection.store('locked');
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      try {
        await client.query('BEGIN');
        await client.query(`SELECT * FROM "${schema}".heads WHERE store = 'locked' FOR UPDATE`);
        expect((await port.appendSlot(2, bytesOf(2))).outcome).toBe('unknown');
        await client.query('ROLLBACK');
        expect(await port.readHead(0, 'serial')).toBe(1);
      } finally {
        await client.end();
      }
    });
  });

  it('refuses a standby, whose reads would miss what was acknowledged', async (t) => {
    if (server.own === undefined) return t.skip('the server belongs to others');
    const { crash } = server.own;
    const { rows } = await statement('SHOW data_directory');
    await writeFile(join(rows[0]?.data_directory, 'standby.signal'), '');
    await crash();
    await expect(openPostgres({ connectionString: server.url, retryMs: 0 })).rejects.toThrow(
      expect.objectContaining({
        code: 'SSTITCH_CLUSTER_UNAVAILABLE',
        message: 'PostgreSQL: this server is a standby; connect to the primary',
      }),
    );
    await statement('SELECT pg_promote()');
    await connected({}, async (connection) => {
      expect(await connection.stores()).toBeInstanceOf(Array);
    });
  });

  it('that lost commits, as by a failover to a standby that lags, ends the stores that had read them', async () => {
    await connected({}, async (connection) => {
      const name = `lost ${randomUUID()}`;
      const port = connection.store(name);
      const stores = [new ClusterStore(port), new ClusterStore(port)];
      const [one, other] = stores as [ClusterStore, ClusterStore];
      for (const key of ['a', 'b', 'c']) await one.put(key, key);
      expect(await other.get('c')).toBe('c');
      await statement(`DELETE FROM "${schema}".log WHERE store = '${name}' AND slot > 1`);
      await statement(`UPDATE "${schema}".heads SET head = 1 WHERE store = '${name}'`);
      for (const store of stores) {
        const lost = expect.objectContaining({ code: 'SSTITCH_CLUSTER_CORRUPT' });
        await expect(store.get('a')).rejects.toEqual(lost);
        await expect(store.put('d', 'd')).rejects.toEqual(lost);
        await store.close();
      }
      const reopened = new ClusterStore(port);
      expect(await reopened.keys().all()).toEqual(['a']);
      await reopened.put('d', 'd');
      await reopened.close();
    });
  });

  it('keeps what was acknowledged when the server is killed, and continues when it is back', async (t) => {
    if (server.own === undefined) return t.skip('the server belongs to others');
    const { crash } = server.own;
    await connected({ retryMs: 60_000 }, async (connection) => {
      const port = connection.store(`killed ${randomUUID()}`);
      const acknowledged: number[] = [];
      let isOver = false;
      // The last slot to fill so far: however long a crash takes, slots of the segment are left for the next round.
      let lastSlot = 0;
      const writes = (async () => {
        while (!isOver) {
          const slot = ((await port.readHead(0, 'serial')) ?? 0) + 1;
          if (slot > lastSlot) {
            await sleep(5);
            continue;
          }
          const { outcome } = await port.appendSlot(slot, bytesOf(slot));
          if (outcome === 'applied') acknowledged.push(slot);
          await sleep(5);
        }
      })();
      for (let round = 0; round < 2; round++) {
        const before = acknowledged.length;
        lastSlot += 80;
        await expect.poll(() => acknowledged.length).toBeGreaterThan(before + 3);
        await crash();
      }
      const before = acknowledged.length;
      lastSlot += 80;
      await expect.poll(() => acknowledged.length).toBeGreaterThan(before + 3);
      isOver = true;
      await writes;
      const slots = await port.readSlots(1, 256, 'serial');
      expect(slots.map(({ slot }) => slot)).toEqual(slots.map((_, at) => at + 1));
      expect(slots.map(({ slot }) => slot)).toEqual(expect.arrayContaining(acknowledged));
    });
  });
});
