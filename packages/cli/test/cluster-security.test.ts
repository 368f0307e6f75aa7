// Passwords and TLS of a real PostgreSQL server that insists on both.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingOpenssl } from '@sstitch/build-config/certificates';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, startMain } from './process.js';

const PASSWORD = 'pass word/%?';
const isOthers = process.env['SSTITCH_POSTGRES'] !== undefined;
const missing =
  missingPostgres ?? missingOpenssl ?? (isOthers ? 'a server of its own is set up' : undefined);
const isMissing = missing !== undefined;
if (isMissing) console.warn(`skipped: ${missing}`);

describe.skipIf(isMissing)('a PostgreSQL server that demands a password and TLS', () => {
  let server: PostgresServer;
  let address: string;
  let certificate: string;
  let passwordFile: string;

  beforeAll(async () => {
    server = await startPostgres();
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const literal = client.escapeLiteral(PASSWORD);
    await client.query(`CREATE ROLE ann LOGIN PASSWORD ${literal}`);
    await client.query('GRANT CREATE ON DATABASE postgres TO ann');
    await client.query(`CREATE ROLE eve LOGIN PASSWORD ${literal}`);
    await client.end();
    const made = await server.own?.secure();
    if (made === undefined) throw new Error('not a server of this test');
    certificate = made.certificate;
    const url = new URL(server.url);
    address = `postgres://ann@${url.host}/postgres/acme`;
    const directory = mkdtempSync(join(tmpdir(), 'sstitch-cli-test-'));
    passwordFile = join(directory, 'password');
    writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
    return () => rmSync(directory, { recursive: true, force: true });
  });
  afterAll(() => server.stop());

  /** Runs a command line; nothing that it prints contains the password. */
  async function run(query: string, env: NodeJS.ProcessEnv, ...line: readonly string[]) {
    const [name = '', ...rest] = line;
    const words = [name, `${address}?${query}`, ...rest, '--verbose', '--json'];
    const finished = await ended(startMain(words, { env: { SSTITCH_DEBUG: '1', ...env } }));
    expect(finished.stdout + finished.stderr).not.toContain(PASSWORD);
    return finished;
  }

  it('serves a client that has the password and knows the certificate', async () => {
    const trusted = `tls=require&ca=${encodeURIComponent(certificate)}`;
    const fromFile = { SSTITCH_CLUSTER_PASSWORD_FILE: passwordFile };
    const made = await run(trusted, fromFile, 'generate', '--grants', '5');
    expect(made).toMatchObject({ exitCode: 0 });
    for (const env of [{ SSTITCH_CLUSTER_PASSWORD: PASSWORD }, { PGPASSWORD: PASSWORD }]) {
      const { exitCode, stdout } = await run(trusted, env, 'syncs');
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toHaveLength(1);
    }
    expect(await run('tls=no-verify', fromFile, 'syncs')).toMatchObject({ exitCode: 0 });
  });

  it.each([
    [
      'without TLS',
      'lease=30',
      PASSWORD,
      /no encryption: set tls, or check the user and the database; tls, ca, cert and key are parameters of the address, such as \?tls=require&ca=ca\.pem$/,
    ],
    [
      'with a certificate that nobody vouches for',
      'tls=require',
      PASSWORD,
      /not trusted .*: set ca to that of its authority; tls, ca, cert and key are parameters/,
    ],
    [
      'with another password',
      'tls=no-verify',
      'nonsense',
      /password authentication failed for user "ann": check the user and the password; set SSTITCH_CLUSTER_PASSWORD, or SSTITCH_CLUSTER_PASSWORD_FILE to the file that holds it; the address or SSTITCH_CLUSTER_USER names the user$/,
    ],
    [
      'without a password',
      'tls=no-verify',
      undefined,
      /: the server asks for a password, and none is set; set SSTITCH_CLUSTER_PASSWORD, or SSTITCH_CLUSTER_PASSWORD_FILE to the file that holds it$/,
    ],
  ])('refuses a client %s', async (_what, query, password, message) => {
    const env = password === undefined ? {} : { SSTITCH_CLUSTER_PASSWORD: password };
    const { exitCode, stderr } = await run(query, env, 'syncs');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr.split('\n').find((line) => line.startsWith('{')) ?? '')).toMatchObject(
      {
        error: { code: 'SSTITCH_CLUSTER_REFUSED', message: expect.stringMatching(message) },
      },
    );
  });

  it.each([
    [
      'may not create the tables',
      ['generate', '?tls=no-verify&schema=new', '--grants', '5'],
      /: permission denied for database postgres: grant CREATE on the database$/,
    ],
    [
      'may not use the tables',
      ['syncs', '?tls=no-verify'],
      /: permission denied for schema sstitch: grant USAGE on the schema, and SELECT, INSERT, UPDATE and DELETE on its tables$/,
    ],
  ])(
    'says what to grant to a role that %s',
    async (_what, [name = '', query, ...rest], message) => {
      const line = [name, `${address.replace('ann@', 'eve@')}${query}`, ...rest];
      const { exitCode, stderr } = await ended(
        startMain(line, { env: { SSTITCH_CLUSTER_PASSWORD: PASSWORD } }),
      );
      expect(exitCode).toBe(1);
      expect(stderr.trim()).toMatch(message);
    },
  );
});
