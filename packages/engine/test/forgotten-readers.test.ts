// Iterators and snapshots that are never closed: metrics and events show them, and they are released when collected.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ForgottenReader, HeldMetrics } from '../src/index.js';
import { Store } from '../src/index.js';
import { messageOf, startChild } from './child-process.js';
import { generationNames, openStore, put, temporaryDirectory } from './store-fixture.js';

interface Report {
  readonly before: HeldMetrics;
  readonly after: HeldMetrics;
  readonly generations: ReadonlyArray<{ readonly number: number; readonly readers: number }>;
  readonly directories: readonly string[];
  readonly forgotten: readonly ForgottenReader[];
  readonly reading: unknown;
  readonly kept: unknown;
  readonly snapshot: unknown;
}

describe('readers that a program forgets', () => {
  test('release their generations when collected, while those in use keep theirs', async () => {
    const child = startChild('forget-readers', join(temporaryDirectory(), 'store'), 'stacks');
    const report = await messageOf<Report>(child);
    // Six ways to forget a reader, each on its own generation; there are also the first and the last generation.
    expect(report.before.generations).toBe(7);
    expect(report.generations.map(({ number, readers }) => [number, readers > 0])).toEqual([
      [1, true],
      [8, expect.any(Boolean)],
    ]);
    expect(report.directories).toEqual(['gen-000001', 'gen-000008']);
    expect(report.after).toMatchObject({ generations: 1, readers: 2 });
    expect(report.after.oldestMs).toBeGreaterThan(0);
    expect(report.after.forgotten).toBe(report.forgotten.length);
    const generations = new Set(report.forgotten.map(({ generation }) => generation));
    for (const number of [2, 3, 4, 5, 6, 7]) expect(generations).toContain(number);
    expect(new Set(report.forgotten.map(({ kind }) => kind))).toEqual(
      new Set(['iterator', 'snapshot']),
    );
    for (const { stack, openMs } of report.forgotten) {
      expect(stack).toContain('forget-readers.mjs');
      expect(openMs).toBeGreaterThanOrEqual(0);
    }
    expect(report.reading).toEqual(['a', '1']);
    expect(report.kept).toEqual(['b', 'old']);
    expect(report.snapshot).toBe('old');
  });

  test('are reported with the stack of their creation only with readerStacks', async () => {
    const child = startChild('forget-readers', join(temporaryDirectory(), 'store'), 'no stacks');
    const report = await messageOf<Report>(child);
    expect(report.forgotten.length).toBeGreaterThan(0);
    for (const { stack } of report.forgotten) expect(stack).toBeUndefined();
    expect(report.before.stacks).toEqual([]);
  });
});

test('metrics report the past generations that readers keep, and where the readers were created', async () => {
  const store = new Store(join(temporaryDirectory(), 'store'), { readerStacks: true });
  await store.open();
  expect((await store.metrics()).held).toEqual({
    ...{ generations: 0, readers: 0, oldestMs: 0, forgotten: 0, stacks: [] },
  });
  const here = () => store.iterator();
  const iterators = [here(), here()];
  const snapshot = store.snapshot();
  // Readers of the current generation keep no past one.
  expect((await store.metrics()).held.generations).toBe(0);
  await store.excise([]);
  const { held } = await store.metrics();
  expect(held).toMatchObject({ generations: 1, readers: 3, forgotten: 0 });
  expect(held.stacks).toHaveLength(3);
  for (const stack of held.stacks) expect(stack).toContain('forgotten-readers.test');
  await Promise.all([...iterators, snapshot].map((reader) => reader.close()));
  expect((await store.metrics()).held).toMatchObject({ generations: 0, readers: 0, stacks: [] });
  await store.close();
});

test('each commit after which readers keep eight past generations or more emits an event', async () => {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  await put(store, [['k', 'v']]);
  const reported: HeldMetrics[] = [];
  store.on('held', (held: HeldMetrics) => reported.push(held));
  const snapshots = [];
  for (let commit = 0; commit < 9; commit++) {
    snapshots.push(store.snapshot());
    await store.excise([]);
  }
  expect(reported.map(({ generations }) => generations)).toEqual([8, 9]);
  for (const snapshot of snapshots) await snapshot.close();
  await expect.poll(() => generationNames(store.location)).toHaveLength(1);
  await store.excise([]);
  expect(reported).toHaveLength(2);
});

test('a store closes the readers that are still open', async () => {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  await put(store, [['k', 'v']]);
  const iterator = store.iterator();
  const keys = store.keys();
  const snapshot = store.snapshot();
  await store.excise([]);
  await store.close();
  for (const reader of [iterator, keys]) {
    await expect(reader.next()).rejects.toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
  }
  expect(() => snapshot.ref()).toThrow(
    expect.objectContaining({ code: 'LEVEL_SNAPSHOT_NOT_OPEN' }),
  );
  expect(generationNames(store.location)).toHaveLength(1);
});
