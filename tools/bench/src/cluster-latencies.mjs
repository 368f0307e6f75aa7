// Commits and lookups of one process.
import { ClusterStore } from '@sstitch/cluster';
import { byteEncodings } from '@sstitch/contract';
import { percentile } from './report.mjs';
import { readableKeys } from './syncs.mjs';

const COMMITS = 200;
const GETS = 1000;
const AT_ONCE = 64;
const GROUPED_PUTS = 6400;
const PREFIX = Buffer.from('put-');
const KIB = 1024;

/** Puts one after another and many at once, and replacements of a small span. */
export async function measureCommits(store) {
  const put = (at) => store.put(keyOf(at), Buffer.alloc(100, at), byteEncodings);
  const alone = [];
  for (let at = 0; at < COMMITS; at++) alone.push(await durationOf(() => put(at)));
  const startMs = performance.now();
  let next = 0;
  const writer = async () => {
    while (next < GROUPED_PUTS) await put(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, writer));
  const perSecond = GROUPED_PUTS / ((performance.now() - startMs) / 1000);
  const pauses = [];
  const replacements = [];
  for (let at = 0; at < COMMITS; at++) {
    const span = { start: keyOf(at), end: keyOf(at + 1) };
    const page = [[keyOf(at), Buffer.alloc(100, at)]];
    const { pauseMs, durationMs } = await store.replaceSpans([span], pagesOf(page));
    pauses.push(pauseMs);
    replacements.push(durationMs);
  }
  return {
    title: 'Commits of one process, ms',
    columns: ['', 'least', 'p50', 'p99', 'a second'],
    rows: [
      latencyRow('put, one after another', alone),
      [`put, ${AT_ONCE} at once`, '', '', '', perSecond.toFixed(0)],
      latencyRow('replacement of one entry, whole', replacements),
      latencyRow('replacement of one entry, its commit', pauses),
    ],
  };
}

/** Lookups of keys of a sync: in a store that has read nothing yet, again, and of a snapshot. */
export async function measureGets(connection, base, syncId) {
  const keys = await readableKeys(base, syncId, GETS);
  const columns = ['', 'least', 'p50', 'p99', 'a second'];
  const rows = [];
  // A store with a cache of its own, so that what the process has read before is not in it.
  const options = { ...byteEncodings, cacheBytes: 64 * KIB * KIB };
  const store = new ClusterStore(connection.store('base'), options);
  await store.open();
  const gets = async (title, get) => {
    const times = [];
    for (const key of keys) times.push(await durationOf(() => get(key)));
    rows.push(latencyRow(title, times));
  };
  await gets('get, nothing cached', (key) => store.get(key, byteEncodings));
  await gets('get, cached', (key) => store.get(key, byteEncodings));
  const snapshot = store.snapshot();
  await gets('get of a snapshot, cached', (key) => store.get(key, { ...byteEncodings, snapshot }));
  await snapshot.close();
  const startMs = performance.now();
  let next = 0;
  const reader = async () => {
    while (next < GETS) await store.get(keys[next++], byteEncodings);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  const perSecond = keys.length / ((performance.now() - startMs) / 1000);
  rows.push([`get, cached, ${AT_ONCE} at once`, '', '', '', perSecond.toFixed(0)]);
  await store.close();
  return { title: 'Lookups of one process, ms', columns, rows };
}

function keyOf(at) {
  return Buffer.concat([PREFIX, Buffer.from(String(at).padStart(9, '0'))]);
}

async function* pagesOf(page) {
  yield page;
}

async function durationOf(work) {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function latencyRow(title, times) {
  const total = times.reduce((sum, time) => sum + time, 0);
  return [
    title,
    Math.min(...times).toFixed(2),
    percentile(times, 0.5).toFixed(2),
    percentile(times, 0.99).toFixed(2),
    (times.length / (total / 1000)).toFixed(0),
  ];
}
