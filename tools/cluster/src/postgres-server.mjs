// A PostgreSQL server on 127.0.0.1, from the programs that are installed. It does not run as root: a process of root
// starts it as the user postgres.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { requirePostgres } from './requirements.mjs';
import { ServerProcess } from './server-process.mjs';

const DEFAULT_PORT = 15_432;
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const USER = 'sstitch';

/** Where a server is, if the caller does not say. */
export const DEFAULT_DIRECTORY = join(tmpdir(), 'sstitch-cluster', 'postgres');

export class PostgresServer {
  #directory;
  #port;
  #process;

  constructor(directory, port) {
    this.#directory = directory;
    this.#port = port;
    this.#process = new ServerProcess(directory);
  }

  /** Makes and starts a new server. */
  static async create({ directory = DEFAULT_DIRECTORY, port = DEFAULT_PORT } = {}) {
    const programs = requirePostgres();
    if (existsSync(join(directory, 'port'))) {
      throw new Error(`${directory} holds a server: start it, or wipe it first`);
    }
    const data = join(directory, 'data');
    await mkdir(data, { recursive: true });
    const owner = ownerOfServer();
    if (owner !== undefined) await chown(data, owner.uid, owner.gid);
    const options = ['--pgdata', data, '--username', USER, '--auth', 'trust', '--encoding', 'UTF8'];
    await promisify(execFile)(join(programs, 'initdb'), options, { ...owner, cwd: directory });
    await writeFile(join(directory, 'port'), String(port));
    const server = new PostgresServer(directory, port);
    await server.start();
    return server;
  }

  /** The server that a directory holds; it may run or not. */
  static open(directory = DEFAULT_DIRECTORY) {
    const file = join(directory, 'port');
    if (!existsSync(file)) throw new Error(`${directory} holds no server: create one first`);
    return new PostgresServer(directory, Number(readFileSync(file, 'utf8')));
  }

  get url() {
    return `postgres://${USER}@127.0.0.1:${this.#port}/postgres`;
  }

  async start() {
    if (this.#process.pid !== undefined) return;
    const data = join(this.#directory, 'data');
    const address = ['-h', '127.0.0.1', '-p', String(this.#port), '-k', ''];
    const owner = { ...ownerOfServer(), cwd: this.#directory };
    this.#process.start([join(requirePostgres(), 'postgres'), '-D', data, ...address], owner);
    const end = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#takesClients())) {
      const { pid, output } = this.#process;
      if (pid === undefined || performance.now() > end) {
        throw new Error(`PostgreSQL in ${this.#directory} did not start:\n${output}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Ends the sessions of clients too. */
  async stop() {
    await this.#process.stop('SIGINT');
  }

  /** kill -9. */
  async kill() {
    await this.#process.kill();
  }

  async status() {
    const { pid, residentMib, cpuSeconds } = this.#process;
    const takesClients = pid !== undefined && (await this.#takesClients());
    return [{ node: this.url, pid, takesClients, residentMib, cpuSeconds }];
  }

  async wipe() {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #takesClients() {
    return new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: this.#port });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }
}

/** The user postgres, if this process is root's. */
function ownerOfServer() {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
