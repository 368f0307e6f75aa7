// Measures what a commit costs concurrent writers and readers: replaces a sync repeatedly in a base of three
// such syncs while one writer and four readers are busy. Prints the writers' pause, the readers' latency
// compared with an idle store, and the event loop's delay.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { compact } from '@sstitch/compactor';
import { byteEncodings } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { median, percentile } from './report.mjs';
import { reportTable } from './results.mjs';
import { loadSyncs, readableKeys } from './syncs.mjs';

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '300000' },
    compactions: { type: 'string', default: '20' },
  },
});
const WRITTEN_PREFIX = Buffer.from('written-');
const grants = Number(flags.grants);
const compactions = Number(flags.compactions);
const directory = mkdtempSync(join(tmpdir(), 'sstitch-bench-'));
const base = new Store(join(directory, 'base'));
const source = new Store(join(directory, 'source'));

try {
  console.error(`filling a base of 3 syncs of ${grants} grants, and a source of one ...`);
  const syncIds = await loadSyncs(base, { grants, syncs: 3, revision: 1 });
  await loadSyncs(source, { grants, syncs: 1, revision: 2 });
  const [replaced, , busy] = syncIds;
  const keys = await readableKeys(base, busy, 20_000);

  const readers = (until) =>
    Promise.all(Array.from({ length: 4 }, (_, reader) => readUntil(reader, keys, until)));
  console.error('reading from the idle store ...');
  const idleStop = { done: false };
  setTimeout(() => {
    idleStop.done = true;
  }, 5000);
  const idle = (await readers(idleStop)).flat();

  console.error(`${compactions} compactions under load ...`);
  const stop = { done: false };
  const writing = writeUntil(stop);
  const reading = readers(stop);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const pauses = [];
  const durations = [];
  for (let i = 0; i < compactions; i++) {
    const result = await compact({ base, source, syncIds: [replaced], strategy: 'link' });
    pauses.push(result.pauseMs);
    durations.push(result.durationMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  loop.disable();
  stop.done = true;
  const writes = await writing;
  const reads = (await reading).flat();
  const lost = await countLost(writes);

  const columns = ['figure', 'value', 'target'];
  const rows = [
    ['writers pause, median ms', median(pauses).toFixed(2), '20'],
    ['writers pause, worst ms', Math.max(...pauses).toFixed(2), ''],
    ['compaction, median ms', median(durations).toFixed(1), ''],
    ['reads during compactions', reads.length, ''],
    ['reads that failed', 0, '0'],
    ['read p99, idle store, ms', percentile(idle, 0.99).toFixed(3), ''],
    ['read p99, busy, ms', percentile(reads, 0.99).toFixed(3), ''],
    ['read p99, busy / idle', (percentile(reads, 0.99) / percentile(idle, 0.99)).toFixed(2), '3'],
    ['event loop delay p99, ms', (loop.percentile(99) / 1e6).toFixed(2), '20'],
    ['writes acknowledged', writes.count, ''],
    ['writes lost', lost, '0'],
  ];
  reportTable('commit-pause', { columns, rows });
} finally {
  await Promise.all([base.close(), source.close()]);
  rmSync(directory, { recursive: true, force: true });
}

/** Reads random keys; a failed or empty read throws and ends the run. */
async function readUntil(reader, keys, until) {
  const times = [];
  let index = reader * 5000;
  while (!until.done) {
    index += 7919;
    const key = keys[index % keys.length];
    const start = performance.now();
    const value = await base.get(key, byteEncodings);
    times.push(performance.now() - start);
    if (value === undefined) throw new Error('a read missed an existing key');
    // Not a tight loop: readers in a service wait for requests.
    if (times.length % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return times;
}

function writtenKey(index) {
  return Buffer.concat([WRITTEN_PREFIX, Buffer.from(String(index).padStart(9, '0'))]);
}

async function writeUntil(until) {
  let count = 0;
  while (!until.done) {
    const operations = Array.from({ length: 10 }, () => ({
      type: /** @type {const} */ ('put'),
      key: writtenKey(count++),
      value: Buffer.alloc(100, count),
    }));
    await base.batch(operations, byteEncodings);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { count };
}

async function countLost({ count }) {
  let lost = 0;
  for (let i = 0; i < count; i++) {
    if ((await base.get(writtenKey(i), byteEncodings)) === undefined) lost++;
  }
  return lost;
}
