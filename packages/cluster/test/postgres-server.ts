// A PostgreSQL server for tests: the one that SSTITCH_POSTGRES names, or one in a temporary directory, if the programs are
// installed (Debian: postgresql).
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEBIAN_PROGRAMS = '/usr/lib/postgresql';
const START_ATTEMPTS = 600;

export interface PostgresServer {
  /** `postgres://…/database`. */
  readonly url: string;
  /** Kills the server without a shutdown and starts it again. Undefined for a server that others run. */
  readonly crash: (() => Promise<void>) | undefined;
  stop(): Promise<void>;
}

/** Why tests on PostgreSQL are skipped; undefined if they are not. */
export const missingPostgres: string | undefined =
  process.env['SSTITCH_POSTGRES'] !== undefined || programDirectory() !== undefined
    ? undefined
    : 'no PostgreSQL: install it (Debian: postgresql) or name a server by SSTITCH_POSTGRES';

/** Starts a server; throws if {@link missingPostgres} says that there is none. */
export async function startPostgres(): Promise<PostgresServer> {
  const url = process.env['SSTITCH_POSTGRES'];
  if (url !== undefined) return { url, crash: undefined, stop: async () => {} };
  const programs = programDirectory();
  if (programs === undefined) throw new Error(missingPostgres);
  const directory = await mkdtemp(join(tmpdir(), 'sstitch-postgres-'));
  const account = await serverAccount();
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  const data = join(directory, 'data');
  await run(
    join(programs, 'initdb'),
    [...['-D', data, '-U', 'sstitch', '-A', 'trust', '-E', 'UTF8'], '--no-sync', '--locale=C'],
    { cwd: directory, ...account },
  );
  const port = await freePort();
  const start = () => startServer(programs, directory, port, account);
  let server = await start();
  return {
    url: `postgres://sstitch@127.0.0.1:${port}/postgres`,
    crash: async () => {
      await server.end('SIGKILL');
      server = await start();
    },
    stop: async () => {
      await server.end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

async function startServer(
  programs: string,
  directory: string,
  port: number,
  account: Account | undefined,
) {
  const child = spawn(
    join(programs, 'postgres'),
    [
      ...['-D', join(directory, 'data'), '-k', directory, '-p', String(port)],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'shared_buffers=64MB'],
      // A test kills processes, never the operating system.
      ...['-c', 'fsync=off', '-c', 'max_connections=200'],
    ],
    { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], ...account },
  );
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-4000);
  });
  const ended = once(child, 'exit');
  for (let attempt = 1; ; attempt++) {
    try {
      await run(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
      break;
    } catch {
      if (child.exitCode !== null || attempt === START_ATTEMPTS) {
        child.kill('SIGKILL');
        throw new Error(`PostgreSQL did not start:\n${log}`);
      }
      await sleep(100);
    }
  }
  return {
    end: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await ended;
    },
  };
}

/** PostgreSQL refuses to run as root: its own user or, without one, nobody. */
async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const ids = async (user: string): Promise<Account> => {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (what) => Number((await run('id', [what, user])).stdout)),
    );
    if (uid === undefined || gid === undefined) throw new Error(`no user ${user}`);
    return { uid, gid };
  };
  return ids('postgres').catch(() => ids('nobody'));
}

/** The directory of initdb: the newest version's under Debian's, or on the PATH. */
function programDirectory(): string | undefined {
  const versions = existsSync(DEBIAN_PROGRAMS) ? readdirSync(DEBIAN_PROGRAMS) : [];
  const directories = [
    ...versions
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN_PROGRAMS, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return directories.find((directory) => existsSync(join(directory, 'initdb')));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
