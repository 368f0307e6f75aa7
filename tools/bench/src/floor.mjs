// Measures the floor of a link compaction: the same number of links, renames, written bytes and fsyncs, without
// reading, splitting or LevelDB. Also measures LevelDB's own open of such a generation.
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
import { parseArgs } from 'node:util';
import { Store } from '@sstitch/engine';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { ClassicLevel } from 'classic-level';
import { freshCopy } from './fresh-copy.mjs';
import { median, printTable } from './report.mjs';
import { writeResults } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';
import { loadSyncs } from './syncs.mjs';

/** About how many bytes a table takes in a MANIFEST of synthetic keys. */
const MANIFEST_BYTES_A_TABLE = 170;
/** Rounds until V8 has compiled the threads' code, as many as `pnpm bench` runs for fast peers. */
const WARM_UP_ROUNDS = 20;
/** About the size of a shared table. */
const OLD_TABLE_BYTES = 2 * 1024 * 1024;

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '100000' },
    syncs: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '9' },
    // Load the stores in bulk instead of in batches.
    imported: { type: 'boolean', default: false },
    directory: { type: 'string' },
  },
});
const [grants] = wholeNumbers('grants', flags.grants);
const [syncs] = wholeNumbers('syncs', flags.syncs);
const [rounds] = wholeNumbers('rounds', flags.rounds);

await inRunDirectory(async (directory) => {
  console.error(`loading a base of ${syncs} syncs of ${grants} grants, and a source ...`);
  const syncId = await loadStores(directory);
  const figures = {
    link: [],
    extract: [],
    flush: [],
    stage: [],
    open: [],
    pause: [],
    floor: [],
    level: [],
  };
  let counts = {};
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    const linked = await linkOnce(directory, syncId);
    counts = countsOf(linked);
    const floorMs = floorOnce(join(directory, 'floor'), join(directory, 'copy'), counts);
    const levelMs = await openLevel(join(directory, 'copy'));
    if (round < WARM_UP_ROUNDS) continue;
    const { steps, pauseMs } = linked.report;
    figures.link.push(linked.totalMs);
    figures.extract.push(linked.extractMs);
    figures.flush.push(steps.flushMs);
    figures.stage.push(steps.stageMs);
    figures.open.push(steps.openMs);
    figures.pause.push(pauseMs);
    figures.floor.push(floorMs);
    figures.level.push(levelMs);
  }
  const { linkedTables, splitTables, splitBytes, totalTables, grownFiles, grownBytes } = counts;
  console.log(
    `${grants} grants of ${syncs} syncs: ${linkedTables} links, ${grownFiles} files shared by ` +
      `${grownBytes} bytes, ${splitTables} split tables of ${splitBytes} bytes, ${totalTables} tables in the next generation`,
  );
  const titles = {
    link: 'link: extract and commit',
    extract: '  extract',
    flush: '  flush',
    stage: '  stage',
    open: '  open and sync',
    pause: '  pause',
    floor: 'floor: links, writes, fsyncs alone',
    level: "classic-level's own open of that generation",
  };
  printTable(
    ['what', 'median ms', 'least ms'],
    Object.entries(titles).map(([name, title]) => [
      title,
      median(figures[name]).toFixed(2),
      Math.min(...figures[name]).toFixed(2),
    ]),
  );
  const [link, floor] = [median(figures.link), median(figures.floor)];
  // Uses the link's own step, which is shorter than classic-level's open. It includes the fsync of a directory
  // that the floor also includes: about 0.8 ms.
  const withOpen = floor + median(figures.open);
  console.log(`link / floor: ${(link / floor).toFixed(2)}`);
  console.log(`link / floor and LevelDB's open: ${(link / withOpen).toFixed(2)}`);
  writeResults('floor', { grants, syncs, imported: flags.imported, counts, figures });
}, flags.directory);

async function loadStores(directory) {
  const [base, source] = [new Store(join(directory, 'base')), new Store(join(directory, 'source'))];
  const inBulk = flags.imported;
  const [syncId] = await loadSyncs(base, { grants, syncs, revision: 1, inBulk });
  await loadSyncs(source, { grants, syncs: 1, revision: 2, inBulk });
  await Promise.all([base.close(), source.close()]);
  return syncId;
}

/** Runs a link compaction in a fresh copy of the base. */
async function linkOnce(directory, syncId) {
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
      return [ino, size];
    });
}

/** Counts the file operations of the link. */
function countsOf({ report, grown }) {
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

/** Performs only these file operations, on the files of the linked store. */
function floorOnce(directory, storeDirectory, counts) {
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

async function openLevel(storeDirectory) {
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
