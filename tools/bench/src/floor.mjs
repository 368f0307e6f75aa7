// The bare floor under a link: the same number of links, renames, written bytes and fsyncs, with no
// reading, no cutting, no LevelDB; beside it what LevelDB's own open of such a generation takes.
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
import { inRunFolder, wholeNumbers } from './run-folder.mjs';
import { loadSyncs } from './syncs.mjs';

/** About what a table takes in a MANIFEST of synthetic keys. */
const MANIFEST_BYTES_A_TABLE = 170;
/** Until the threads' code is compiled, as `pnpm bench` does it for fast peers. */
const WARM_UP_ROUNDS = 20;
/** What a table has that is narrowed. */
const OLD_TABLE_BYTES = 2 * 1024 * 1024;

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '100000' },
    syncs: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '9' },
    // Stores that were loaded in bulk, not filled by batches.
    imported: { type: 'boolean', default: false },
    folder: { type: 'string' },
  },
});
const [grants] = wholeNumbers('grants', flags.grants);
const [syncs] = wholeNumbers('syncs', flags.syncs);
const [rounds] = wholeNumbers('rounds', flags.rounds);

await inRunFolder(async (folder) => {
  console.error(`loading a base of ${syncs} syncs of ${grants} grants, and a source ...`);
  const syncId = await loadStores(folder);
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
    const linked = await linkOnce(folder, syncId);
    counts = countsOf(linked);
    const floorMs = floorOnce(join(folder, 'floor'), join(folder, 'copy'), counts);
    const levelMs = await openLevel(join(folder, 'copy'));
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
  const { linkedTables, slicedTables, slicedBytes, totalTables, grownFiles, grownBytes } = counts;
  console.log(
    `${grants} grants of ${syncs} syncs: ${linkedTables} links, ${grownFiles} files narrowed by ` +
      `${grownBytes} bytes, ${slicedTables} cut tables of ${slicedBytes} bytes, ${totalTables} tables in the next generation`,
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
  // The link's own step, which is shorter than classic-level's open alone; it has a folder's sync in it that the
  // floor has, too: some 0.8 ms.
  const withOpen = floor + median(figures.open);
  console.log(`link / floor: ${(link / floor).toFixed(2)}`);
  console.log(`link / floor and LevelDB's open: ${(link / withOpen).toFixed(2)}`);
  writeResults('floor', { grants, syncs, imported: flags.imported, counts, figures });
}, flags.folder);

async function loadStores(folder) {
  const [base, source] = [new Store(join(folder, 'base')), new Store(join(folder, 'source'))];
  const inBulk = flags.imported;
  const [syncId] = await loadSyncs(base, { grants, syncs, revision: 1, inBulk });
  await loadSyncs(source, { grants, syncs: 1, revision: 2, inBulk });
  await Promise.all([base.close(), source.close()]);
  return syncId;
}

/** A link as the compactor makes it, in a fresh copy of the base. */
async function linkOnce(folder, syncId) {
  const paths = [join(folder, 'copy'), join(folder, 'source-copy')];
  freshCopy(join(folder, 'base'), paths[0]);
  freshCopy(join(folder, 'source'), paths[1]);
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

/** Sizes of a store's tables by inode: a narrowed one has several names. */
function tableSizes(storeFolder) {
  const generation = generationOf(storeFolder);
  return readdirSync(generation)
    .filter((name) => /\.(ldb|sst)$/.test(name))
    .map((name) => {
      const { ino, size } = statSync(join(generation, name));
      return [ino, size];
    });
}

/** How much of what the link did to files. */
function countsOf({ report, grown }) {
  const incoming = { linked: 0, sliced: 0, slicedBytes: 0 };
  for (const span of report.spans) {
    incoming.linked += span.linked.tables + span.narrowed.tables;
    incoming.sliced += span.sliced.tables;
    incoming.slicedBytes += span.sliced.bytes;
  }
  const { linked, sliced, narrowed } = report.base;
  return {
    baseLinks: linked.tables + narrowed.tables,
    incomingLinks: incoming.linked,
    linkedTables: linked.tables + narrowed.tables + incoming.linked,
    grownFiles: grown.length,
    grownBytes: grown.reduce((sum, bytes) => sum + bytes, 0),
    slicedTables: sliced.tables + incoming.sliced,
    slicedBytes: sliced.bytes + incoming.slicedBytes,
    totalTables: report.tables,
  };
}

/** Does that to files of the linked store, and no more. */
function floorOnce(folder, storeFolder, counts) {
  const generation = generationOf(storeFolder);
  const tables = readdirSync(generation).filter((name) => /\.(ldb|sst)$/.test(name));
  const slice = Buffer.alloc(Math.ceil(counts.slicedBytes / Math.max(1, counts.slicedTables)), 7);
  const manifest = Buffer.alloc(MANIFEST_BYTES_A_TABLE * counts.totalTables, 7);
  const appended = Buffer.alloc(Math.ceil(counts.grownBytes / Math.max(1, counts.grownFiles)), 7);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const old = Array.from({ length: counts.grownFiles }, (_, i) => join(folder, `old-${i}`));
  for (const path of old) writeSynced(path, Buffer.alloc(OLD_TABLE_BYTES, 7));
  syncFolder(folder);
  const start = performance.now();
  const staging = join(folder, 'staging');
  const next = join(folder, 'next');
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
  for (let i = 0; i < counts.slicedTables; i++) writeSynced(join(next, String(++name)), slice);
  for (const path of old) writeSynced(path, appended, 'a');
  writeSynced(join(next, 'MANIFEST'), manifest);
  writeSynced(join(next, 'CURRENT'), Buffer.from('MANIFEST-000001\n'));
  syncFolder(next);
  writeSynced(join(folder, 'CURRENT.new'), Buffer.from('gen-000002\n'));
  renameSync(join(folder, 'CURRENT.new'), join(folder, 'CURRENT'));
  syncFolder(folder);
  return performance.now() - start;
}

async function openLevel(storeFolder) {
  const database = new ClassicLevel(generationOf(storeFolder));
  const start = performance.now();
  await database.open();
  const openMs = performance.now() - start;
  await database.close();
  return openMs;
}

function generationOf(storeFolder) {
  return join(storeFolder, readFileSync(join(storeFolder, 'CURRENT'), 'utf8').trim());
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

function syncFolder(folder) {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
