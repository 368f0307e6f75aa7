// Measures the same as `import.mjs` without the one-time costs of a process: reads the records of the real .c1z
// file first, then loads them repeatedly, each time into a new store. Each side runs in its own process, in
// turn; the first rounds do not count. After each round both must hold the same entries.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Store } from '@sstitch/engine';
import { digestSync } from '@sstitch/records';
import { ClassicLevel } from 'classic-level';
import { loadInBatches, loadInBulk } from './load-records.mjs';
import { realFiles, recordsOf } from './record-sources.mjs';
import { median, printTable } from './report.mjs';
import { writeResults } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const SIDES = {
  bulk: { open: (path) => new Store(path), load: loadInBulk },
  batches: { open: (path) => new ClassicLevel(path), load: loadInBatches },
};

/** Reads an input, then loads it into the directory that each message names. */
async function serve(side, input) {
  const batches = [];
  for await (const batch of recordsOf(input)) batches.push(batch);
  process.on('message', async (directory) => {
    const database = SIDES[side].open(directory);
    await database.open();
    const started = performance.now();
    const syncIds = await SIDES[side].load(database, batches);
    const ms = performance.now() - started;
    const digests = [];
    for (const syncId of syncIds) digests.push((await digestSync(database, syncId)).digest);
    await database.close();
    process.send({ ms, digest: digests.join(' ') });
  });
  process.send({ records: batches.reduce((sum, { records }) => sum + records.length, 0) });
}

/** Starts a side in its own process. Each `load` sends it a directory and fulfils with its reply. */
function startSide(side, input) {
  const child = fork(fileURLToPath(import.meta.url), {
    env: { ...process.env, IMPORT_SIDE: side, IMPORT_INPUT: input },
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`${side}: code ${code}`));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        resolve(message);
      });
    });
  const ready = answer();
  const load = (directory) => {
    child.send(directory);
    return answer();
  };
  return { side, ready, load, end: () => child.kill() };
}

async function main() {
  const { values: flags } = parseArgs({
    options: {
      rounds: { type: 'string', default: '21' },
      'warm-up': { type: 'string', default: '20' },
      directory: { type: 'string' },
    },
  });
  const [rounds] = wholeNumbers('rounds', flags.rounds);
  const [warmUp] = wholeNumbers('warm-up', flags['warm-up']);
  const inputs = realFiles();
  const rows = [];
  await inRunDirectory(async (directory) => {
    for (const [index, input] of inputs.entries()) {
      const sides = Object.keys(SIDES).map((side) => startSide(side, input));
      const times = { bulk: [], batches: [] };
      try {
        const [{ records }] = await Promise.all(sides.map(({ ready }) => ready));
        for (let round = 0; round < warmUp + rounds; round++) {
          const digests = new Set();
          for (const { side, load } of sides) {
            const { ms, digest } = await load(join(directory, `${index}-${round}-${side}`));
            digests.add(digest);
            times[side].push(ms);
          }
          if (digests.size > 1) throw new Error(`round ${round}: the sides hold different records`);
        }
        const [bulk, batches] = Object.keys(SIDES).map((side) => median(times[side].slice(warmUp)));
        const first = Object.keys(SIDES).map((side) => times[side][0].toFixed(0));
        const ratio = (batches / bulk).toFixed(2);
        rows.push(['the real .c1z', records, bulk.toFixed(0), batches.toFixed(0), ratio, ...first]);
      } finally {
        for (const { end } of sides) end();
      }
    }
  }, flags.directory);
  printTable(
    ['input', 'records', 'bulk ms', 'batches ms', 'ratio', 'first bulk ms', 'first batches ms'],
    rows,
  );
  writeResults('warm-import', { rows });
}

if (process.env.IMPORT_SIDE === undefined) await main();
else await serve(process.env.IMPORT_SIDE, process.env.IMPORT_INPUT);
