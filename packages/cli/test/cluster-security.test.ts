// Passwords and TLS of a real PostgreSQL server that insists on both.
import { spawnSync } from 'node:child_process';
import { chownSync, copyFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDirectory } from './in-process.js';
import { ended, startMain } from './process.js';

const PASSWORD = 'pass word/%?';
const isMissing =
  missingPostgres !== undefined ||
  // Only a server of this test's own can be set up.
  process.env['SSTITCH_POSTGRES'] !== undefined ||
  spawnSync('openssl', ['version']).status !== 0;

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
    const { rows } = await client.query('SHOW data_directory');
    const data = rows[0]?.data_directory as string;
    certificate = makeCertificate(data);
    const literal = client.escapeLiteral(PASSWORD);
    await client.query(`CREATE ROLE ann LOGIN PASSWORD ${literal}`);
    await client.query('GRANT CREATE ON DATABASE postgres TO ann');
    await client.query('ALTER SYSTEM SET ssl = on');
    writeFileSync(join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
    await client.query('SELECT pg_reload_conf()');
    await client.end();
    const url = new URL(server.url);
    address = `postgres://ann@${url.host}/postgres/acme`;
    passwordFile = join(testDirectory(), 'password');
    writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
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

  it('serves who has the password and knows the certificate', async () => {
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
    ['without TLS', 'lease=30', PASSWORD, /no encryption|pg_hba/],
    ['with a certificate that nobody vouches for', 'tls=require', PASSWORD, /self-signed/],
    ['with another password', 'tls=no-verify', 'nonsense', /password authentication failed/],
    ['without a password', 'tls=no-verify', undefined, /the server asks for a password/],
  ])('refuses a client %s', async (_what, query, password, message) => {
    const env = password === undefined ? {} : { SSTITCH_CLUSTER_PASSWORD: password };
    const { exitCode, stderr } = await run(query, env, 'syncs');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
  });
});

/** Makes the key and the certificate of a server, in its directory. Returns the path of the certificate. */
function makeCertificate(data: string): string {
  const [key, certificate] = [join(data, 'server.key'), join(data, 'server.crt')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-keyout', key, '-out', certificate],
  ]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  // PostgreSQL wants its own key.
  const { uid, gid } = statSync(data);
  for (const file of [key, certificate]) chownSync(file, uid, gid);
  const copy = join(testDirectory(), 'ca.pem');
  copyFileSync(certificate, copy);
  return copy;
}
