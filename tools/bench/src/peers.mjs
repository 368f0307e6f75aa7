// The measured peers: SSTitch's strategies and the alternatives that a user would choose. Drivers in C, C++ and
// Go are built on demand, into a cache outside version control.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PEERS = fileURLToPath(new URL('../peers/', import.meta.url));
const CACHE = fileURLToPath(new URL('../node_modules/.cache/peers/', import.meta.url));
const require = createRequire(import.meta.url);

/**
 * @typedef {object} Peer
 * @property {string} name in flags
 * @property {string} title in tables
 * @property {string} database peers of the same database share one load
 * @property {Record<string, string>} [env] of its processes
 * @property {() => Promise<Driver> | Driver} prepare throws if a toolchain is missing
 *
 * @typedef {object} Driver
 * @property {string[]} command
 * @property {string} version
 */

const STRATEGIES = ['link', 'rebuild', 'batch', 'auto'];

/** @param {string} strategy @returns {Peer} */
function sstitch(strategy) {
  return {
    name: strategy,
    title: `SSTitch ${strategy}`,
    database: 'sstitch',
    env: { STRATEGY: strategy },
    prepare: () => script('sstitch.mjs', '@sstitch/compactor'),
  };
}

/**
 * The same with a base and a source that were loaded as `sstitch import` does, so that SSTitch has built the tables.
 *
 * @param {string} strategy @returns {Peer}
 */
function imported(strategy) {
  return {
    ...sstitch(strategy),
    name: `${strategy}-imported`,
    title: `SSTitch ${strategy}, imported stores`,
    database: 'sstitch-imported',
    env: { STRATEGY: strategy, LOAD: 'bulk' },
  };
}

/** Builds the tables before the clock starts, as the tables of SSTitch's sources are. */
const READY = { READY_TABLES: '1' };

/** @returns {Omit<Peer, 'name' | 'title'>} */
function rocksdb(env = {}) {
  const gxx = ['g++', '-O2', '-std=c++17'];
  const command = (binary) => [...gxx, '-o', binary, 'rocksdb.cc', '-lrocksdb', '-lpthread'];
  return {
    database: 'rocksdb',
    env,
    prepare: () => built('rocksdb', 'librocksdb-dev', command),
  };
}

/** @returns {Omit<Peer, 'name' | 'title'>} */
function pebble(env = {}) {
  // Without cgo, which only zstd would need; nothing here uses zstd.
  const command = (binary) => ['go', 'build', '-trimpath', '-buildvcs=false', '-o', binary, '.'];
  return { database: 'pebble', env, prepare: () => built('pebble', 'go', command) };
}

/** @type {readonly Peer[]} */
export const ALL_PEERS = [
  sstitch('link'),
  ...STRATEGIES.map(imported),
  ...STRATEGIES.filter((strategy) => strategy !== 'link').map(sstitch),
  {
    name: 'classic-level',
    title: 'classic-level, clear + batches',
    database: 'classic-level',
    prepare: () => script('classic-level.mjs', 'classic-level'),
  },
  {
    name: 'lmdb',
    title: 'LMDB, one transaction',
    database: 'lmdb',
    prepare: () => script('lmdb.mjs', 'lmdb'),
  },
  {
    name: 'sqlite',
    title: 'SQLite, delete + insert-select',
    database: 'sqlite',
    prepare: () => {
      const gcc = (binary) => ['gcc', '-O2', '-o', binary, 'sqlite.c', '-lsqlite3'];
      return built('sqlite', 'libsqlite3-dev', gcc);
    },
  },
  { name: 'rocksdb', title: 'RocksDB, build + ingest', ...rocksdb() },
  { name: 'rocksdb-ready', title: 'RocksDB, ingest of ready tables', ...rocksdb(READY) },
  { name: 'pebble', title: 'Pebble, build + IngestAndExcise', ...pebble() },
  { name: 'pebble-ready', title: 'Pebble, IngestAndExcise of ready tables', ...pebble(READY) },
];

/**
 * The peers of these names. By default all but auto, which equals one of the others; of imported stores, only link.
 */
export function peersNamed(names) {
  if (names === undefined) {
    return ALL_PEERS.filter(
      ({ name }) => name === 'link-imported' || !/^auto|-imported$/.test(name),
    );
  }
  return names.map((name) => {
    const peer = ALL_PEERS.find((one) => one.name === name);
    if (peer !== undefined) return peer;
    throw new Error(
      `no such peer: ${name}; there are ${ALL_PEERS.map((one) => one.name).join(', ')}`,
    );
  });
}

/** A peer in JavaScript, whose package must be installed. @returns {Driver} */
function script(file, packageName) {
  let at;
  try {
    at = dirname(require.resolve(packageName));
  } catch (error) {
    throw new Error(`${packageName} is not installed or not built`, { cause: error });
  }
  while (!existsSync(join(at, 'package.json')) || nameIn(at) !== packageName) {
    if (at === dirname(at)) throw new Error(`${packageName} has no package.json`);
    at = dirname(at);
  }
  const { version } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
  return { command: [process.execPath, join(PEERS, file)], version };
}

function nameIn(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).name;
}

/** A peer to compile; a binary of the same sources is reused. @returns {Driver} */
function built(name, needs, commandFor) {
  const directory = join(PEERS, name);
  const hash = createHash('sha256');
  for (const file of readdirSync(directory).sort())
    hash.update(readFileSync(join(directory, file)));
  hash.update(commandFor('binary').join(' '));
  const binary = join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(binary)) {
    console.error(`building ${name} ...`);
    mkdirSync(CACHE, { recursive: true });
    const [compiler, ...args] = commandFor(`${binary}.part`);
    try {
      execFileSync(compiler, args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      const why =
        error.code === 'ENOENT' ? `${compiler} is not installed` : firstLine(error.stderr);
      throw new Error(`cannot be built (needs ${needs}): ${why}`, { cause: error });
    }
    renameSync(`${binary}.part`, binary);
  }
  const version = execFileSync(binary, ['version'], { encoding: 'utf8' }).trim();
  return { command: [binary], version };
}

function firstLine(text) {
  return String(text).trim().split('\n')[0];
}
