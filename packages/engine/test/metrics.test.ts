import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CommitReport, Store } from '../src/index.js';

const SPAN = { start: Buffer.from('b'), end: Buffer.from('c') };

describe('metrics', () => {
  let directory: string;
  let store: Store;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sstitch-metrics-'));
    store = new Store(join(directory, 'store'));
    await store.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '2' },
    ]);
  });

  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function* page(key: string) {
    yield [[Buffer.from(key), Buffer.from('new')] as const];
  }

  test('report the generations, their readers and the levels', async () => {
    const snapshot = store.snapshot();
    await store.replaceSpans([SPAN], page('b1'));
    const metrics = await store.metrics();
    expect(metrics.generation).toBe(2);
    expect(metrics.generations).toEqual([
      { number: 1, current: false, readers: 1 },
      { number: 2, current: true, readers: 0 },
    ]);
    expect(metrics.levels[6]).toMatchObject({ level: 6, tables: 1 });
    await snapshot.close();
  });

  test('add up commits, pauses, flushes and bytes since the store was opened', async () => {
    await store.replaceSpans([SPAN], page('b1'));
    await store.replaceSpans([SPAN], page('b2'));
    const { commits, pauses, flushes, incoming, carried } = await store.metrics();
    expect(commits.count).toBe(2);
    expect(pauses.count).toBe(2);
    expect(pauses.maxMs).toBeLessThanOrEqual(commits.maxMs);
    // Commits replay short logs instead of flushing them, but a checkpoint flushes.
    expect(flushes.count).toBe(0);
    await store.checkpoint(join(directory, 'checkpoint'));
    expect((await store.metrics()).flushes.count).toBe(1);
    expect(incoming.built.tables).toBe(2);
    expect(incoming.built.bytes).toBeGreaterThan(0);
    // Writes that were only in the log were replayed, so no table was carried over.
    expect(carried.linked.tables + carried.split.tables).toBe(0);
  });

  test('are emitted as events too', async () => {
    const commits: CommitReport[] = [];
    const retired: number[] = [];
    store.on('commit', (report: CommitReport) => commits.push(report));
    const gone = new Promise<void>((resolve) =>
      store.on('retire', (number: number) => {
        retired.push(number);
        resolve();
      }),
    );
    await store.replaceSpans([SPAN], page('b1'));
    await gone;
    expect(commits.map(({ generation }) => generation)).toEqual([2]);
    expect(retired).toEqual([1]);
  });
});
