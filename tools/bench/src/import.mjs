// Compares loading records in bulk, as `sstitch import` does (sort, build tables, one commit), with writing the
// same records in batches into a plain store. The records are those of the real .c1z file, if it is present,
// and generated grants in their order of generation and, with --shuffled, in an order unrelated to their keys.
// Each side runs in its own process, in turn; at the end both must hold the same entries, but for statistics, which
// only a load in bulk adds.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Store } from '@sstitch/engine';
import { digestSync } from '@sstitch/records';
import { ClassicLevel } from 'classic-level';
import { loadInBatches, loadInBulk } from './load-records.mjs';
import { GENERATED, realFiles, recordsOf } from './record-sources.mjs';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const SIDES = ['read', 'bulk', 'batches'];
const MEMORY_WATCH_MS = 20;

/** Only reads or generates the records, which both sides must do. */
async function read(input) {
  let records = 0;
  for await (const batch of recordsOf(input)) records += batch.records.length;
  return { records };
}

async function bulk(input, directory) {
  const store = new Store(join(directory, 'store'));
  await store.open();
  const started = performance.now();
  const syncIds = await loadInBulk(store, recordsOf(input));
  return ended(store, syncIds, started);
}

async function batches(input, directory) {
  const database = new ClassicLevel(join(directory, 'store'));
  await database.open();
  const started = performance.now();
  const syncIds = await loadInBatches(database, recordsOf(input));
  return ended(database, syncIds, started);
}

async function ended(database, syncIds, started) {
  const ms = performance.now() - started;
  process.send('measured');
  const digests = [];
  for (const syncId of syncIds) {
    const { buckets } = await digestSync(database, syncId);
    for (const { bucket, digest } of buckets) if (bucket !== 'sync_stats') digests.push(digest);
  }
  await database.close();
  return { ms, digest: digests.join(' ') };
}

async function runSide({ side, input, directory }) {
  const started = performance.now();
  const result = await { read, bulk, batches }[side](input, directory);
  process.send({ ms: performance.now() - started, ...result });
  process.disconnect();
}

/** The memory of a process and its children, as Linux counts it; 0 elsewhere. */
function memoryBytes(processId) {
  try {
    const status = readFileSync(`/proc/${processId}/status`, 'utf8');
    const [, kibibytes = '0'] = /VmRSS:\s+(\d+)/.exec(status) ?? [];
    const children = readFileSync(`/proc/${processId}/task/${processId}/children`, 'utf8');
    return children
      .split(' ')
      .filter((child) => child !== '')
      .reduce((sum, child) => sum + memoryBytes(child), 1024 * Number(kibibytes));
  } catch {
    return 0;
  }
}

function inProcess(side, input, directory) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), {
      env: { ...process.env, IMPORT_SIDE: '1' },
    });
    let reply;
    let peakBytes = 0;
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, memoryBytes(child.pid));
    }, MEMORY_WATCH_MS);
    child.on('message', (/** @type {any} */ message) => {
      // The memory of the digests does not count.
      clearInterval(watch);
      if (message !== 'measured') reply = { ...message, peakBytes };
    });
    child.on('exit', (code) => {
      clearInterval(watch);
      if (reply) resolve(reply);
      else reject(new Error(`${side}: code ${code}`));
    });
    child.send({ side, input, directory });
  });
}

async function main() {
  const { values: flags } = parseArgs({
    options: {
      grants: { type: 'string', default: '300000' },
      rounds: { type: 'string', default: '3' },
      directory: { type: 'string' },
      shuffled: { type: 'boolean', default: false },
    },
  });
  const [rounds] = wholeNumbers('rounds', flags.rounds);
  const real = realFiles();
  const counts = wholeNumbers('grants', flags.grants).map(String);
  const shuffled = flags.shuffled ? counts.map((grants) => `${grants} shuffled`) : [];
  const inputs = [...real, ...counts, ...shuffled];
  const rows = [];
  await inRunDirectory(async (directory) => {
    for (const [index, input] of inputs.entries()) {
      const replies = { read: [], bulk: [], batches: [] };
      for (let round = 0; round < rounds; round++) {
        for (const side of SIDES) {
          const reply = await inProcess(side, input, join(directory, `${index}-${round}-${side}`));
          replies[side].push(reply);
          console.error(`${input}, ${side}: ${reply.ms.toFixed(0)} ms`);
        }
      }
      const ms = (side) => median(replies[side].map((reply) => reply.ms));
      const peak = (side) => Math.max(...replies[side].map(({ peakBytes }) => peakBytes)) / 2 ** 20;
      const differ = replies.bulk.some(({ digest }, at) => digest !== replies.batches[at].digest);
      if (differ) process.exitCode = 1;
      rows.push([
        GENERATED.test(input) ? `${input} grants` : 'the real .c1z',
        ...SIDES.map((side) => ms(side).toFixed(0)),
        (ms('batches') / ms('bulk')).toFixed(2),
        ((ms('batches') - ms('read')) / (ms('bulk') - ms('read'))).toFixed(2),
        ...['bulk', 'batches'].map((side) => peak(side).toFixed(0)),
        differ ? 'DIFFER' : 'same',
      ]);
    }
  }, flags.directory);
  const columns = [
    'input',
    'read ms',
    'bulk ms',
    'batches ms',
    'ratio',
    'without reading',
    'bulk MiB',
    'batches MiB',
    'digests',
  ];
  reportTable('import', { columns, rows });
}

if (process.env.IMPORT_SIDE === undefined) await main();
else process.once('message', runSide);
