// Passwords, certificates and permissions of a real PostgreSQL server that insists on them.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  type Certificate,
  makeCertificate,
  missingOpenssl,
} from '@sstitch/build-config/certificates';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterError, ClusterErrorReason } from '../src/errors.js';
import { openPostgres, type PostgresOptions } from '../src/postgres/index.js';
import { ClusterStore } from '../src/store/cluster-store.js';

const RIGHT = 'the right one /%?';
const WRONG = 'very-secret';
const isOthers = process.env['SSTITCH_POSTGRES'] !== undefined;
const missing =
  missingPostgres ?? missingOpenssl ?? (isOthers ? 'a server of its own is set up' : undefined);
const isMissing = missing !== undefined;
if (isMissing) console.warn(`skipped: ${missing}`);

describe.skipIf(isMissing)('a PostgreSQL server that demands TLS and a password', () => {
  let server: PostgresServer;
  let certificate: Certificate;
  let ca: Buffer;
  let others: Buffer;
  let administrator: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    administrator = new pg.Client({ connectionString: server.url });
    await administrator.connect();
    const password = administrator.escapeLiteral(RIGHT);
    for (const role of ['app', 'certified', 'reader', 'watcher']) {
      await administrator.query(`CREATE ROLE ${role} LOGIN PASSWORD ${password}`);
    }
    await administrator.query('GRANT CREATE ON DATABASE postgres TO app');
    await administrator.query('CREATE DATABASE closed');
    await administrator.query('REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
    const secured = await server.own?.secure();
    if (secured === undefined) throw new Error('not a server of this test');
    certificate = secured;
    ca = await readFile(certificate.certificate);
    const other = await makeCertificate(dirname(certificate.certificate), 'other');
    others = await readFile(other.certificate);
    await connect({ user: 'app', password: RIGHT, tls: { ca }, create: true });
  });
  afterAll(async () => {
    await administrator.end();
    await server.stop();
  });

  /** Waits until the server has read its settings. */
  async function connect(options: PostgresOptions): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await (await openPostgres({ ...address(), ...options })).close();
      } catch (error) {
        if (attempt === 50) throw error;
      }
      await sleep(100);
    }
  }

  function address(): PostgresOptions {
    const { hostname, port } = new URL(server.url);
    return { host: hostname, port: Number(port), database: 'postgres' };
  }

  it('serves a client that has the password and knows its certificate', async () => {
    for (const password of [RIGHT, async () => RIGHT]) {
      const connection = await openPostgres({
        ...address(),
        ...{ user: 'app', password, tls: { ca } },
      });
      const store = new ClusterStore(connection.store('acme'));
      await store.put('key', 'value');
      expect(await store.get('key')).toBe('value');
      expect(inspect(await store.clusterStatus(), { depth: null })).not.toContain(RIGHT);
      expect(inspect(await store.metrics(), { depth: null })).not.toContain(RIGHT);
      await store.close();
      await connection.close();
    }
  });

  it('takes each option instead of the part of the connection string', async () => {
    const { host, port } = address();
    const connectionString = `postgres://nobody:${WRONG}@127.0.0.9:9/nowhere?application_name=part`;
    const others = { ...address(), user: 'app', tls: { ca } };
    for (const password of [RIGHT, async () => RIGHT]) {
      const connection = await openPostgres({ connectionString, ...others, password });
      expect(await connection.stores()).toContain('acme');
      const { rows } = await administrator.query(
        "SELECT application_name FROM pg_stat_activity WHERE usename = 'app'",
      );
      expect(rows).toContainEqual({ application_name: 'part' });
      await connection.close();
    }
    const withoutPassword = `postgres://app@${host}:${port}/postgres`;
    await connect({ connectionString: withoutPassword, password: RIGHT, tls: { ca } });
  });

  it('serves a client that presents a certificate, where it asks for one', async () => {
    const key = await readFile(certificate.key);
    await administrator.query('GRANT USAGE ON SCHEMA sstitch TO certified');
    await administrator.query('GRANT SELECT ON ALL TABLES IN SCHEMA sstitch TO certified');
    await connect({ user: 'certified', password: RIGHT, tls: { ca, cert: ca, key } });
  });

  it('lets a role that may write only its lease read, and refuses its commits at once', async () => {
    await administrator.query(`
      GRANT USAGE ON SCHEMA sstitch TO watcher;
      GRANT SELECT ON ALL TABLES IN SCHEMA sstitch TO watcher;
      GRANT INSERT, UPDATE, DELETE ON sstitch.leases TO watcher;
    `);
    const connection = await openPostgres({
      ...{ ...address(), user: 'watcher', password: RIGHT, tls: { ca } },
    });
    const store = new ClusterStore(connection.store('watched'));
    expect(await store.get('key')).toBeUndefined();
    const refused = expect.objectContaining({
      code: 'SSTITCH_CLUSTER_REFUSED',
      reason: 'permission-missing',
      message: expect.stringMatching(/^PostgreSQL: permission denied for table log: grant/),
    });
    await expect(store.put('key', 'value')).rejects.toEqual(refused);
    // It joins first, which is a commit too.
    await expect(store.put('key', 'value'.repeat(100_000))).rejects.toEqual(refused);
    await store.close();
    await connection.close();
  });

  it.each<[string, () => PostgresOptions, string, ClusterErrorReason | undefined, RegExp]>([
    [
      'a wrong password',
      () => ({ password: WRONG, tls: { ca } }),
      'SSTITCH_CLUSTER_REFUSED',
      'login-wrong',
      /^PostgreSQL: password authentication failed for user "app": check the user and the password$/,
    ],
    [
      'a wrong password in the connection string',
      () => {
        const { host, port, database } = address();
        return {
          connectionString: `postgres://app:${WRONG}@${host}:${port}/${database}`,
          tls: { ca },
        };
      },
      'SSTITCH_CLUSTER_REFUSED',
      'login-wrong',
      /check the user and the password$/,
    ],
    [
      'a connection string that is no URL',
      () => ({ connectionString: `postgres://app:${WRONG}@[::1/postgres` }),
      'SSTITCH_OPTION_INVALID',
      undefined,
      /^PostgreSQL: Invalid URL$/,
    ],
    [
      'no password',
      () => ({ tls: { ca } }),
      'SSTITCH_CLUSTER_REFUSED',
      'password-missing',
      /^PostgreSQL: the server asks for a password, and none is set$/,
    ],
    [
      'an empty password',
      () => ({ password: '', tls: { ca } }),
      'SSTITCH_CLUSTER_REFUSED',
      'password-missing',
      /^PostgreSQL: the server asks for a password, and none is set$/,
    ],
    [
      'another authority',
      () => ({ password: RIGHT, tls: { ca: others } }),
      'SSTITCH_CLUSTER_REFUSED',
      'certificate-untrusted',
      /^PostgreSQL: its certificate is not trusted \(.*\): set ca to that of its authority$/,
    ],
    [
      'the authorities of the system',
      () => ({ password: RIGHT, tls: true }),
      'SSTITCH_CLUSTER_REFUSED',
      'certificate-untrusted',
      /^PostgreSQL: its certificate is not trusted \(.*\): set ca /,
    ],
    [
      'a name that is not in the certificate',
      () => ({ host: 'localhost', password: RIGHT, tls: { ca } }),
      'SSTITCH_CLUSTER_REFUSED',
      'certificate-invalid',
      /^PostgreSQL: its certificate is for another host \(.*\): connect to a host that it names$/,
    ],
    [
      'an authority that is no PEM file',
      () => ({ password: RIGHT, tls: { ca, cert: 'nonsense', key: 'nonsense' } }),
      'SSTITCH_CLUSTER_REFUSED',
      'certificate-unreadable',
      /^PostgreSQL: ca, cert or key is not in PEM form /,
    ],
    [
      'no TLS',
      () => ({ password: RIGHT }),
      'SSTITCH_CLUSTER_REFUSED',
      'tls-missing',
      /no encryption: set tls, or check the user and the database$/,
    ],
    [
      'no certificate of its own',
      () => ({ user: 'certified', password: RIGHT, tls: { ca } }),
      'SSTITCH_CLUSTER_REFUSED',
      'user-refused',
      /valid client certificate: check the user and the database, or set cert and key$/,
    ],
    [
      'no permission',
      () => ({ user: 'reader', password: RIGHT, tls: { ca } }),
      'SSTITCH_CLUSTER_REFUSED',
      'permission-missing',
      /^PostgreSQL: permission denied for schema sstitch: grant USAGE on the schema, and SELECT, INSERT, UPDATE and DELETE on its tables$/,
    ],
    [
      'no permission to connect to the database',
      () => ({ user: 'reader', password: RIGHT, database: 'closed', tls: { ca } }),
      'SSTITCH_CLUSTER_REFUSED',
      'permission-missing',
      /^PostgreSQL: permission denied for database "closed": grant CONNECT on the database$/,
    ],
    [
      'no permission to create the tables',
      () => ({ user: 'reader', password: RIGHT, schema: 'new', tls: { ca } }),
      'SSTITCH_CLUSTER_REFUSED',
      'permission-missing',
      /^PostgreSQL: permission denied for database postgres: grant CREATE on the database$/,
    ],
    [
      'a role that does not exist',
      () => ({ user: 'nobody', password: RIGHT }),
      'SSTITCH_CLUSTER_REFUSED',
      'tls-missing',
      /: set tls, or check the user and the database$/,
    ],
    [
      'a database that does not exist',
      () => ({ user: 'sstitch', database: 'nowhere' }),
      'SSTITCH_CLUSTER_NOT_FOUND',
      'database-missing',
      /^PostgreSQL: database "nowhere" does not exist$/,
    ],
  ])(
    'refuses a client with %s at once, in one line',
    async (_what, options, code, reason, message) => {
      const defaults = { user: 'app', ...address() };
      const { connectionString } = options();
      const error: unknown = await openPostgres({
        ...(connectionString === undefined && defaults),
        ...options(),
        // A statement that was repeated would not end.
        retryMs: 1_000_000,
      }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
      expect((error as ClusterError).reason).toBe(reason);
      expect(String(error)).not.toContain('\n');
      const everything = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
      for (const password of [RIGHT, WRONG]) expect(everything).not.toContain(password);
    },
  );

  it('that does not speak TLS is reported as such', async () => {
    const plain = await startPostgres();
    try {
      await expect(
        openPostgres({ connectionString: plain.url, tls: { ca } }),
      ).rejects.toMatchObject({
        code: 'SSTITCH_CLUSTER_REFUSED',
        reason: 'tls-unsupported',
        message: 'PostgreSQL: the server does not speak TLS: leave out tls',
      });
    } finally {
      await plain.stop();
    }
  });
});
