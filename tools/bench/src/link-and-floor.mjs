// Runs a link as the compactor does, and its floor: the same links, renames, written bytes and fsyncs, without
// reading or splitting a table and without LevelDB.
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Store } from '@sstitch/engine';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { ClassicLevel } from 'classic-level';
import { freshCopy } from './fresh-copy.mjs';
import { loadSyncs } from './syncs.mjs';

/** About how many bytes a table takes in a MANIFEST of synthetic keys. */
const MANIFEST_BYTES_A_TABLE = 170;
/** About the size of a shared table. */
const OLD_TABLE_BYTES = 2 * 1024 * 1024;
/** Rounds until V8 has compiled the code of the worker threads. */
export const WARM_UP_ROUNDS = 20;

/**
 * Creates a base and a source in `directory`.
 *
 * @param {string} directory
 * @param {{ grants: number, syncs: number, inBulk: boolean }} shape
 * @returns {Promise<string>} the id of the sync to replace
 */
export async function loadStores(directory, { grants, syncs, inBulk }) {
  const [base, source] = [new Store(join(directory, 'base')), new Store(join(directory, 'source'))];
  const [syncId] = await loadSyncs(base, { grants, syncs, revision: 1, inBulk });
  await loadSyncs(source, { grants, syncs: 1, revision: 2, inBulk });
  await Promise.all([base.close(), source.close()]);
  return syncId;
}

/** Runs a link as the compactor does, in a fresh copy of the base. */
export async function linkOnce(directory, syncId) {
  const paths = [join(directory, 'copy'), join(directory, 'source-copy')];
  freshCopy(join(directory, 'base'), paths[0]);
  freshCopy(join(directory, 'source'), paths[1]);
  const [base, source] = paths.map((path) => new Store(path));
  await Promise.all([base.open(), source.open()]);
  const before = new Map(paths.flatMap((path) => tableSizes(path)));
  const spans = syncSpansInKeyOrder(syncId).map(({ span }) => span);
  const start = performance.now();
  let extractMs;
  const report = await base.ingestFrom(source, spans, {
    onExtracted() {
      extractMs = performance.now() - start;
    },
  });
  const totalMs = performance.now() - start;
  const grown = [...new Map(paths.flatMap((path) => tableSizes(path)))]
    .map(([inode, size]) => size - (before.get(inode) ?? size))
    .filter((bytes) => bytes > 0);
  await Promise.all([base.close(), source.close()]);
  return { report, grown, extractMs, totalMs };
}

/** Sizes of a store's table files by inode: a shared file has several names. */
function tableSizes(storeDirectory) {
  const generation = generationOf(storeDirectory);
  return readdirSync(generation)
    .filter((name) => /\.(ldb|sst)$/.test(name))
    .map((name) => {
      const { ino, size } = statSync(join(generation, name));
      return /** @type {const} */ ([ino, size]);
    });
}

/** How many files and bytes the link created, linked and appended. */
export function countsOf({ report, grown }) {
  const incoming = { linked: 0, split: 0, splitBytes: 0 };
  for (const span of report.spans) {
    incoming.linked += span.linked.tables + span.shared.tables;
    incoming.split += span.split.tables;
    incoming.splitBytes += span.split.bytes;
  }
  const { linked, split, shared } = report.base;
  return {
    baseLinks: linked.tables + shared.tables,
    incomingLinks: incoming.linked,
    linkedTables: linked.tables + shared.tables + incoming.linked,
    grownFiles: grown.length,
    grownBytes: grown.reduce((sum, bytes) => sum + bytes, 0),
    splitTables: split.tables + incoming.split,
    splitBytes: split.bytes + incoming.splitBytes,
    totalTables: report.tables,
  };
}

/** Performs only these file operations, on the files of the linked store; returns the time it took. */
export function floorOnce(directory, storeDirectory, counts) {
  const generation = generationOf(storeDirectory);
  const tables = readdirSync(generation).filter((name) => /\.(ldb|sst)$/.test(name));
  const part = Buffer.alloc(Math.ceil(counts.splitBytes / Math.max(1, counts.splitTables)), 7);
  const manifest = Buffer.alloc(MANIFEST_BYTES_A_TABLE * counts.totalTables, 7);
  const appended = Buffer.alloc(Math.ceil(counts.grownBytes / Math.max(1, counts.grownFiles)), 7);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const old = Array.from({ length: counts.grownFiles }, (_, i) => join(directory, `old-${i}`));
  for (const path of old) writeSynced(path, Buffer.alloc(OLD_TABLE_BYTES, 7));
  fsyncDir(directory);
  const start = performance.now();
  const staging = join(directory, 'staging');
  const next = join(directory, 'next');
  mkdirSync(staging);
  mkdirSync(next);
  let name = 0;
  for (let i = 0; i < counts.incomingLinks; i++) {
    const staged = join(staging, String(name++));
    linkSync(join(generation, tables[i % tables.length]), staged);
    renameSync(staged, join(next, String(name)));
  }
  for (let i = 0; i < counts.baseLinks; i++) {
    linkSync(join(generation, tables[i % tables.length]), join(next, String(++name)));
  }
  for (let i = 0; i < counts.splitTables; i++) writeSynced(join(next, String(++name)), part);
  for (const path of old) writeSynced(path, appended, 'a');
  writeSynced(join(next, 'MANIFEST'), manifest);
  writeSynced(join(next, 'CURRENT'), Buffer.from('MANIFEST-000001\n'));
  fsyncDir(next);
  writeSynced(join(directory, 'CURRENT.new'), Buffer.from('gen-000002\n'));
  renameSync(join(directory, 'CURRENT.new'), join(directory, 'CURRENT'));
  fsyncDir(directory);
  return performance.now() - start;
}

/** Measures LevelDB's own open of the linked generation. */
export async function openLevel(storeDirectory) {
  const database = new ClassicLevel(generationOf(storeDirectory));
  const start = performance.now();
  await database.open();
  const openMs = performance.now() - start;
  await database.close();
  return openMs;
}

function generationOf(storeDirectory) {
  return join(storeDirectory, readFileSync(join(storeDirectory, 'CURRENT'), 'utf8').trim());
}

function writeSynced(path, bytes, flags = 'wx') {
  const file = openSync(path, flags);
  try {
    if (bytes.length > 0) writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function fsyncDir(directory) {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
