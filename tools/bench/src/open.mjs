// Measures opening, extracting from and copying a store of many tables: what users wait for besides
// compactions. Compares the open with classic-level's own open of the same generation.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openReadOnly, Store } from '@sstitch/engine';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { syntheticSyncId } from '@sstitch/testkit';
import { ClassicLevel } from 'classic-level';
import { loadInTables, shapeOfTables } from './load-in-tables.mjs';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const { values: flags } = parseArgs({
  options: {
    tables: { type: 'string', default: '1000' },
    grants: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '9' },
    directory: { type: 'string' },
  },
});
const [wanted] = wholeNumbers('tables', flags.tables);
const [grants] = wholeNumbers('grants', flags.grants);
const [rounds] = wholeNumbers('rounds', flags.rounds);

await inRunDirectory(async (directory) => {
  const path = join(directory, 'store');
  console.error(`making a store of some ${wanted} tables ...`);
  const tables = await loadInTables(path, shapeOfTables(wanted, grants));
  const spans = syncSpansInKeyOrder(syntheticSyncId({ syncIndex: 0 })).map(({ span }) => span);
  const figures = {};
  // Round 0 warms up.
  for (let round = 0; round <= rounds; round++) {
    const timed = async (what, work) => {
      const start = performance.now();
      const result = await work();
      const tookMs = performance.now() - start;
      figures[what] ??= [];
      if (round > 0) figures[what].push(tookMs);
      return result;
    };
    const level = new ClassicLevel(join(path, readFileSync(join(path, 'CURRENT'), 'utf8').trim()));
    await timed("classic-level's open of its generation", () => level.open());
    await level.close();
    const store = new Store(path);
    await timed('open', () => store.open());
    const extracted = join(directory, 'extracted');
    await timed('extract of a sync', () => store.extract(spans, extracted));
    rmSync(extracted, { recursive: true });
    const copy = join(directory, 'checkpoint');
    await timed('checkpoint', () => store.checkpoint(copy));
    const reader = await timed('openReadOnly while it is open', () => openReadOnly(path));
    await timed('close of the read-only store', () => reader.close());
    await timed('close', () => store.close());
    const opened = new Store(copy);
    await timed('first open of the checkpoint', () => opened.open());
    await opened.close();
    rmSync(copy, { recursive: true });
  }
  console.log(`A store of ${tables} tables, the extracted sync of ${grants} grants.`);
  const rows = Object.entries(figures).map(([what, times]) => [
    what,
    median(times).toFixed(2),
    Math.min(...times).toFixed(2),
  ]);
  const columns = ['what', 'median ms', 'least ms'];
  reportTable('open', { columns, rows }, { tables, grants, figures });
}, flags.directory);
