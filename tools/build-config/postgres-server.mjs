// A PostgreSQL server for tests: the one that SSTITCH_POSTGRES names, or one in a temporary directory, if the programs are
// installed (Debian: postgresql).
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { appendFile, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeCertificate } from './certificates.mjs';

const run = promisify(execFile);
const DEBIAN_PROGRAMS = '/usr/lib/postgresql';
const STARTS = 5;
const READY_ATTEMPTS = 600;
const USER = 'sstitch';
const DATABASE = 'postgres';

export const missingPostgres =
  process.env.SSTITCH_POSTGRES !== undefined || programDirectory() !== undefined
    ? undefined
    : 'no PostgreSQL: install it (Debian: postgresql) or name a server by SSTITCH_POSTGRES';

export async function startPostgres() {
  const url = process.env.SSTITCH_POSTGRES;
  if (url !== undefined) return { url, own: undefined, stop: async () => {} };
  return startOwn((data) => [
    'initdb',
    ...['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8'],
    ...['--no-sync', '--locale=C'],
  ]);
}

/** @param makeData the command that fills the directory of the data */
async function startOwn(makeData) {
  const programs = programDirectory();
  if (programs === undefined) throw new Error(missingPostgres);
  const directory = await mkdtemp(join(tmpdir(), 'sstitch-postgres-'));
  const account = await serverAccount();
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  const [program, ...words] = makeData(join(directory, 'data'));
  await run(join(programs, program), words, { cwd: directory, ...account });
  let port = 0;
  const start = () => startServer(programs, directory, port, account);
  let server = await repeated(async () => {
    port = await freePort();
    return start();
  });
  const crash = async () => {
    await server.end('SIGKILL');
    server = await repeated(start);
  };
  const startStandby = () => {
    const primary = `host=127.0.0.1 port=${port} user=${USER} application_name=standby`;
    return startOwn((data) => [
      'pg_basebackup',
      ...['-D', data, '-d', primary, '-R', '-c', 'fast', '-X', 'stream', '--no-sync'],
    ]);
  };
  return {
    url: `postgres://${USER}@127.0.0.1:${port}/${DATABASE}`,
    own: {
      crash,
      kill: () => server.end('SIGKILL'),
      startStandby,
      secure: async () => {
        const certificate = await writeSecuritySettings(join(directory, 'data'), account);
        server.reload();
        return certificate;
      },
    },
    stop: async () => {
      await server.end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Requires TLS and a password of all users but one. The server's certificate is also the authority of its clients'. */
async function writeSecuritySettings(data, account) {
  const made = await makeCertificate(data, 'server');
  if (account !== undefined) {
    for (const file of Object.values(made)) await chown(file, account.uid, account.gid);
  }
  const settings = {
    ssl: 'on',
    ssl_cert_file: made.certificate,
    ssl_key_file: made.key,
    ssl_ca_file: made.certificate,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  await appendFile(join(data, 'postgresql.conf'), lines.join(''));
  const rules = [
    `host all ${USER} 127.0.0.1/32 trust`,
    'hostssl all certified 127.0.0.1/32 scram-sha-256 clientcert=verify-ca',
    'hostssl all all 127.0.0.1/32 scram-sha-256',
  ];
  await writeFile(join(data, 'pg_hba.conf'), rules.map((rule) => `${rule}\n`).join(''));
  return made;
}

/** Another process may take the port meanwhile, and the processes of a killed server may still be ending. */
async function repeated(start) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === STARTS) throw error;
    }
    await sleep(1000);
  }
}

async function startServer(programs, directory, port, account) {
  const child = spawn(
    join(programs, 'postgres'),
    [
      ...['-D', join(directory, 'data'), '-k', directory, '-p', String(port)],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'shared_buffers=64MB'],
      // A test kills processes, never the operating system.
      ...['-c', 'fsync=off', '-c', 'max_connections=200'],
      // Shared memory in the directory of the data, with which it is removed, because a killed server leaves it.
      ...['-c', 'dynamic_shared_memory_type=mmap'],
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
      // Through its socket file, which comes after its port: another server may have that port.
      await run(join(programs, 'pg_isready'), ['-q', '-h', directory, '-p', String(port)]);
      break;
    } catch {
      if (child.exitCode !== null || attempt === READY_ATTEMPTS) {
        child.kill('SIGKILL');
        throw new Error(`PostgreSQL did not start:\n${log}`);
      }
      await sleep(100);
    }
  }
  return {
    reload: () => child.kill('SIGHUP'),
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        if (signal === 'SIGKILL') await killChildren(child);
        child.kill(signal);
      }
      await ended;
    },
  };
}

/**
 * Kills the child processes of a server, which is killed next. A child that outlived the server could show commits that
 * wait for a standby; a machine that is lost shows none.
 */
async function killChildren(server) {
  server.kill('SIGSTOP');
  const { stdout } = await run('pgrep', ['-P', String(server.pid)]).catch(() => ({ stdout: '' }));
  for (const pid of stdout.split('\n').filter((line) => line !== '')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/** PostgreSQL refuses to run as root: its own user or, without one, an unprivileged one. */
async function serverAccount() {
  if (process.getuid?.() !== 0) return undefined;
  const ids = async (user) => {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (what) => Number((await run('id', [what, user])).stdout)),
    );
    return { uid, gid };
  };
  return ids('postgres').catch(() => ids('nobody'));
}

/** The directory of initdb: the newest version's under Debian's, or on the PATH. */
function programDirectory() {
  const versions = existsSync(DEBIAN_PROGRAMS) ? readdirSync(DEBIAN_PROGRAMS) : [];
  const directories = [
    ...versions
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN_PROGRAMS, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return directories.find((directory) => existsSync(join(directory, 'initdb')));
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
