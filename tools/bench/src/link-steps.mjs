// Measures where a link compaction spends its time: the extract and each step of the commit, in a process with
// warm threads, every round on fresh copies of base and source.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Store } from '@sstitch/engine';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { freshCopy } from './fresh-copy.mjs';
import { median, printTable } from './report.mjs';
import { writeResults } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';
import { loadSyncs } from './syncs.mjs';

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '100000' },
    syncs: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '15' },
    directory: { type: 'string' },
  },
});
const [grants] = wholeNumbers('grants', flags.grants);
const [syncs] = wholeNumbers('syncs', flags.syncs);
const [rounds] = wholeNumbers('rounds', flags.rounds);
/** Rounds until V8 has compiled the threads' code. */
const WARM_UP_ROUNDS = 3;

async function openStore(path) {
  const store = new Store(path);
  await store.open();
  return store;
}

async function loaded(path, shape) {
  const store = await openStore(path);
  const ids = await loadSyncs(store, shape);
  await store.close();
  return ids;
}

/** Runs a link compaction as the compactor does. */
async function link(base, source, spans) {
  const started = performance.now();
  let extractMs;
  const { steps, pauseMs } = await base.ingestFrom(source, spans, {
    onExtracted() {
      extractMs = performance.now() - started;
    },
  });
  const totalMs = performance.now() - started;
  const { flushMs, stageMs, openMs, catchUpMs } = steps;
  return { extractMs, flushMs, stageMs, openMs, catchUpMs, pauseMs, totalMs };
}

const measured = [];
await inRunDirectory(async (directory) => {
  const paths = { base: join(directory, 'base'), source: join(directory, 'source') };
  console.error(`loading ${syncs} syncs of ${grants} grants, and a newer one ...`);
  const [syncId] = await loaded(paths.base, { grants, syncs, revision: 1 });
  await loaded(paths.source, { grants, syncs: 1, revision: 2 });
  const spans = syncSpansInKeyOrder(syncId).map(({ span }) => span);
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    const copies = { base: join(directory, 'b'), source: join(directory, 's') };
    for (const name of ['base', 'source']) freshCopy(paths[name], copies[name]);
    const [base, source] = [await openStore(copies.base), await openStore(copies.source)];
    const steps = await link(base, source, spans);
    await base.close();
    await source.close();
    if (round >= WARM_UP_ROUNDS) measured.push(steps);
  }
}, flags.directory);

const names = Object.keys(measured[0]);
const of = (name) => measured.map((steps) => steps[name]);
printTable(
  ['step', 'median ms', 'least ms'],
  names.map((name) => [name, median(of(name)).toFixed(1), Math.min(...of(name)).toFixed(1)]),
);
writeResults('link-steps', { grants, syncs, measured });
