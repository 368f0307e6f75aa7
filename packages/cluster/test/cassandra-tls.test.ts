// What a client of Cassandra says to a server before it trusts its certificate: nothing. Needs no node.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { makeCertificate, missingOpenssl } from '@sstitch/build-config/certificates';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCassandra } from '../src/cassandra/index.js';

if (missingOpenssl !== undefined) console.warn(`skipped: ${missingOpenssl}`);

const credentials = { username: 'app', password: 'very-secret' };

describe.skipIf(missingOpenssl !== undefined)('a client of Cassandra with TLS', () => {
  let directory: string;
  const pem: Record<string, string> = {};

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sstitch-tls-'));
    for (const [name, address] of [
      ['server', '127.0.0.1'],
      ['other', '127.0.0.1'],
      ['elsewhere', '10.1.2.3'],
    ] as const) {
      const files = await makeCertificate(directory, name, { address });
      pem[name] = await readFile(files.certificate, 'utf8');
      pem[`${name} key`] = await readFile(files.key, 'utf8');
    }
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function listen(server: Server): Promise<string> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `127.0.0.1:${address.port}`;
  }

  /** A server with a certificate, and the number of bytes that it could read. */
  function serverOf(name: string, options: TlsOptions = {}) {
    let received = 0;
    const own = { cert: pem[name], key: pem[`${name} key`] };
    const server = createServer({ ...own, ...options }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        received += bytes.length;
        socket.destroy();
      });
    });
    return { server, received: () => received };
  }

  it.each([
    ['whose certificate no authority of the system signed', 'server', undefined, /not trusted/],
    ['whose certificate another authority signed', 'server', 'other', /not trusted/],
    ['whose certificate is of another host', 'elsewhere', 'elsewhere', /for another host/],
  ])('says nothing to a server %s', async (_what, name, authority, message) => {
    const { server, received } = serverOf(name);
    const contactPoints = [await listen(server)];
    const tls = authority === undefined ? {} : { ca: pem[authority] };
    const opened = openCassandra({ contactPoints, keyspace: 'sstitch_test', credentials, tls });
    await expect(opened).rejects.toMatchObject({
      code: 'SSTITCH_CLUSTER_REFUSED',
      message: expect.stringMatching(message),
    });
    server.close();
    expect(received()).toBe(0);
  });

  it('speaks to a server whose certificate it knows, or need not check', async () => {
    // At the same time, because each client tries for seconds.
    const trusting = [{ ca: pem['server'] }, { rejectUnauthorized: false }].map(async (tls) => {
      const { server, received } = serverOf('server');
      const contactPoints = [await listen(server)];
      const opened = openCassandra({ contactPoints, keyspace: 'sstitch_test', credentials, tls });
      await expect(opened).rejects.toMatchObject({ code: 'SSTITCH_CLUSTER_UNAVAILABLE' });
      server.close();
      expect(received()).toBeGreaterThan(0);
    });
    await Promise.all(trusting);
  });

  it('reports a server that asks for a certificate of the client', async () => {
    const options = { requestCert: true, ca: pem['server'] };
    const { server } = serverOf('server', options);
    const contactPoints = [await listen(server)];
    const tls = { ca: pem['server'] };
    const opened = openCassandra({ contactPoints, keyspace: 'sstitch_test', credentials, tls });
    await expect(opened).rejects.toMatchObject({
      code: 'SSTITCH_CLUSTER_REFUSED',
      reason: 'client-certificate-missing',
      message: `Cassandra: no node takes the connection: ${contactPoints} (it asks for a client certificate: set cert and key)`,
    });
    server.close();
  });

  it('distinguishes a server that does not speak TLS', async () => {
    const plain = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      // The head of an ERROR frame: what a node answers to bytes that are not a frame.
      socket.once('data', () => socket.end(Buffer.from('8400000000000000100000000a', 'hex')));
    });
    const contactPoints = [await listen(plain)];
    const tls = { ca: pem['server'] };
    const opened = openCassandra({ contactPoints, keyspace: 'sstitch_test', credentials, tls });
    await expect(opened).rejects.toMatchObject({
      code: 'SSTITCH_CLUSTER_REFUSED',
      reason: 'tls-unsupported',
      message: `Cassandra: no node takes the connection: ${contactPoints} (it does not speak TLS there: leave out tls, or set the port for TLS)`,
    });
    plain.close();
  });
});
