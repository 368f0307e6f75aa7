// Who logs in to PostgreSQL if no option says so.
import { userInfo } from 'node:os';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPostgres } from '../src/postgres/index.js';

const isOthers = process.env['SSTITCH_POSTGRES'] !== undefined;
const missing = missingPostgres ?? (isOthers ? 'a server of its own is set up' : undefined);
if (missing !== undefined) console.warn(`skipped: ${missing}`);

describe.skipIf(missing !== undefined)('without a user, a connection', () => {
  let server: PostgresServer;
  let administrator: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    administrator = new pg.Client({ connectionString: server.url });
    await administrator.connect();
    for (const role of [userInfo().username, 'of PGUSER']) {
      await administrator.query(`CREATE ROLE ${administrator.escapeIdentifier(role)} LOGIN`);
    }
    // The tables exist: the roles only look for them.
    await (await openPostgres({ connectionString: server.url })).close();
    await administrator.query('GRANT USAGE ON SCHEMA sstitch TO PUBLIC');
    await administrator.query('GRANT SELECT ON ALL TABLES IN SCHEMA sstitch TO PUBLIC');
  });
  afterEach(() => void vi.unstubAllEnvs());
  afterAll(async () => {
    await administrator.end();
    await server.stop();
  });

  it.each([
    [userInfo().username, undefined],
    ['of PGUSER', 'of PGUSER'],
  ])('is of %s where PGUSER is %s', async (role, variable) => {
    vi.stubEnv('USER', undefined);
    vi.stubEnv('PGUSER', variable);
    const url = new URL(server.url);
    url.username = '';
    const connection = await openPostgres({ connectionString: url.href, applicationName: role });
    const { rows } = await administrator.query(
      'SELECT usename FROM pg_stat_activity WHERE application_name = $1',
      [role],
    );
    expect(rows).toEqual([{ usename: role }]);
    await connection.close();
  });
});
