// Connections to Cassandra nodes, and the schema of their keyspace.
import { randomUUID } from 'node:crypto';
import driver from 'cassandra-driver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCassandra } from '../src/cassandra/index.js';
import { connectToCassandra, contactPoints, missingCassandra } from './cassandra-nodes.js';

describe.skipIf(missingCassandra !== undefined)('a connection', () => {
  let client: driver.Client;
  const newKeyspace = () => `k${randomUUID().replaceAll('-', '')}`;

  beforeAll(async () => {
    const port = Number(contactPoints[0]?.split(':')[1] ?? 9042);
    client = new driver.Client({
      contactPoints: [...contactPoints],
      localDataCenter: 'datacenter1',
      protocolOptions: { port },
    });
    await client.connect();
  });
  afterAll(() => client.shutdown());

  it('is refused where the keyspace does not exist, and does not create it', async () => {
    const keyspace = newKeyspace();
    for (const _ of [1, 2]) {
      await expect(openCassandra({ contactPoints, keyspace })).rejects.toMatchObject({
        code: 'SSTITCH_CLUSTER_NOT_FOUND',
      });
    }
  });

  it('creates what is missing of the schema, and refuses tables of another version', async () => {
    const keyspace = newKeyspace();
    const open = (create: boolean) => openCassandra({ contactPoints, keyspace, create });
    try {
      await (await open(true)).close();
      await client.execute(`DROP TABLE ${keyspace}.leases`);
      await expect(open(false)).rejects.toMatchObject({ code: 'SSTITCH_CLUSTER_NOT_FOUND' });
      await (await open(true)).close();
      await (await open(false)).close();
      await client.execute(`ALTER TABLE ${keyspace}.log WITH comment = 'another version'`);
      for (const create of [true, false]) {
        await expect(open(create)).rejects.toMatchObject({ code: 'SSTITCH_CLUSTER_CORRUPT' });
      }
    } finally {
      await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
    }
  });

  it('refuses more copies than there are nodes', async () => {
    const options = { contactPoints, keyspace: newKeyspace(), create: true };
    await expect(openCassandra({ ...options, replicationFactor: 100 })).rejects.toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
    });
  });

  it('is one to every node, although only one is named', async () => {
    const clientsOf = async (host: driver.Host) => {
      const { rows } = await client.execute('SELECT port FROM system_views.clients', [], { host });
      return rows.length;
    };
    const hosts = client.hosts.values();
    const before = await Promise.all(hosts.map(clientsOf));
    const [first] = contactPoints;
    if (first === undefined) throw new Error('no contact point');
    const connection = await openCassandra({
      contactPoints: [first],
      keyspace: 'sstitch_test',
      create: true,
    });
    const store = connection.store(randomUUID());
    // A node is connected when it is first asked.
    for (let at = 0; at < 30; at++) await store.readLeases();
    for (let at = 0; at < 30; at++) await connection.store(randomUUID()).readLeases();
    const after = await Promise.all(hosts.map(clientsOf));
    for (const [at, count] of after.entries()) expect(count).toBeGreaterThan(before[at] ?? 0);
    await connection.close();
  });

  it('lists the stores that have a commit', async () => {
    const connection = await connectToCassandra();
    const [first, second] = ['a', 'b'].map((letter) => `${letter} ${randomUUID()} ☃/'"`);
    if (first === undefined || second === undefined) throw new Error('no names');
    for (const name of [second, first]) {
      expect(await connection.stores()).not.toContain(name);
      await connection.store(name).appendSlot(1, new Uint8Array(1));
    }
    const names = (await connection.stores()).filter((name) => [first, second].includes(name));
    expect(names).toEqual([first, second]);
    await connection.close();
    await connection.close();
  });

  it('fails where no node listens', async () => {
    const options = { contactPoints: ['127.0.0.1:1'], keyspace: 'sstitch_test' };
    await expect(openCassandra(options)).rejects.toMatchObject({
      code: 'SSTITCH_CLUSTER_UNAVAILABLE',
    });
  });

  it('sends nothing once it is closed', async () => {
    const connection = await connectToCassandra();
    const port = connection.store(randomUUID());
    await connection.close();
    await expect(port.readHead(0, 'quorum')).rejects.toMatchObject({
      code: 'SSTITCH_STORE_CLOSED',
    });
    await expect(port.appendSlot(2, new Uint8Array(1))).rejects.toMatchObject({
      code: 'SSTITCH_STORE_CLOSED',
    });
  });
});
