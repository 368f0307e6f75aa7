// Measures how fast Pebble databases are written and read, in entries of synthetic syncs per second of CPU
// time, so that a busy machine does not affect the result. If Go is installed, Pebble compacts the written
// database into its own columnar tables, and these are read too.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PebbleDatabase, writePebbleDatabase } from '@sstitch/pebble';
import { syntheticEntries } from '@sstitch/testkit';
import { buildProgram, hasGo, runProgram } from '../../interop/src/go-program.mjs';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    directory: { type: 'string' },
  },
});
const [grants] = wholeNumbers('grants', flags.grants);
const [rounds] = wholeNumbers('rounds', flags.rounds);

/** The median CPU and wall-clock seconds of some runs after a warm-up run. */
async function timed(work) {
  const cpu = [];
  const wall = [];
  for (let round = 0; round <= rounds; round += 1) {
    const startCpu = process.cpuUsage();
    const start = performance.now();
    await work();
    const { user, system } = process.cpuUsage(startCpu);
    if (round === 0) continue;
    cpu.push((user + system) / 1e6);
    wall.push((performance.now() - start) / 1000);
  }
  return { cpuSeconds: median(cpu), seconds: median(wall) };
}

async function iterate(directory) {
  const database = await PebbleDatabase.open(directory);
  let entries = 0;
  for await (const page of database.entries()) entries += page.length;
  await database.close();
  return entries;
}

await inRunDirectory(async (scratch) => {
  const pages = [];
  const shape = { syncIndex: 0, revision: 1, grants };
  for await (const page of syntheticEntries({ ...shape, order: 'sorted' })) {
    pages.push(page.map(([key, value]) => ({ key, value })));
  }
  const count = pages.reduce((sum, { length }) => sum + length, 0);
  const rows = [];
  const figures = {};
  const measure = async (what, work) => {
    const figure = await timed(work);
    figures[what] = { ...figure, entries: count };
    const perSecond = (seconds) => Math.round(count / seconds).toLocaleString('en');
    rows.push([what, perSecond(figure.cpuSeconds), perSecond(figure.seconds)]);
  };
  const written = join(scratch, 'written');
  for (const compression of /** @type {const} */ (['snappy', 'none'])) {
    await measure(`write, ${compression}`, async () => {
      rmSync(written, { recursive: true, force: true });
      await writePebbleDatabase(written, pages, { compression });
    });
    await measure(`read, row blocks, ${compression}`, () => readAll(written));
  }
  if (hasGo()) {
    const columnar = join(scratch, 'columnar');
    cpSync(written, columnar, { recursive: true });
    const last = pages.at(-1).at(-1).key;
    const hex = (bytes) => Buffer.from(bytes).toString('hex');
    // The program's excise replaces the last entry by another.
    const end = hex(Buffer.concat([last, Buffer.of(0)]));
    await runProgram(buildProgram('pebble'), ['exercise', columnar, hex(last), end]);
    await measure('read, columnar blocks, snappy', () => readAll(columnar));
  } else {
    console.log('columnar blocks are not measured: Go is missing');
  }
  async function readAll(directory) {
    const entries = await iterate(directory);
    if (entries !== count) throw new Error(`read ${entries} entries, not ${count}`);
  }
  console.log(`${count.toLocaleString('en')} entries`);
  const columns = ['', 'entries/s of CPU', 'entries/s'];
  reportTable('pebble', { columns, rows }, { grants, figures });
}, flags.directory);
