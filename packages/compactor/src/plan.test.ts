import { describe, expect, it } from 'vitest';
import {
  allBucketEntries,
  dumpAll,
  failureOf,
  grantEntries,
  openPlainLevel,
  openStore,
  syncIdOf,
  write,
} from '../test/stores.js';
import { compact } from './compact.js';
import { AUTO_BATCH_LIMITS, MAX_BATCH_LIMITS } from './plan.js';
import type { CompactProgress } from './result.js';
import { SnapshotReader } from './span-reader.js';
import { planBatch } from './strategies/batch.js';
import { rangesInKeyOrder } from './sync-ranges.js';

const SYNC = syncIdOf(5);
/** Each grant has at least four entries. */
const MANY_GRANTS = Math.ceil(AUTO_BATCH_LIMITS.entries / 4) + 1;

describe('auto', () => {
  it('picks a batch for syncs that are small on both sides', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(source, grantEntries(SYNC, 100));
    expect(await compact({ base, source, syncIds: [SYNC] })).toMatchObject({ strategy: 'batch' });
  });

  it('links syncs that are large in the source, even if they lie in the memtable', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(source, grantEntries(SYNC, MANY_GRANTS));
    const result = await compact({ base, source, syncIds: [SYNC] });
    expect(result).toMatchObject({ strategy: 'link', generation: 2, entries: undefined });
    expect(await dumpAll(base)).toEqual(await dumpAll(source));
  });

  it('links syncs that are large only in the base', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(base, grantEntries(SYNC, MANY_GRANTS));
    await write(source, grantEntries(SYNC, 3));
    expect(await compact({ base, source, syncIds: [SYNC] })).toMatchObject({ strategy: 'link' });
    expect(await dumpAll(base)).toEqual(await dumpAll(source));
  });

  it('links few entries with large values', async () => {
    const [base, source] = [await openStore(), await openStore()];
    const large = new Uint8Array(AUTO_BATCH_LIMITS.readBytes / 4);
    const entries = grantEntries(SYNC, 5).map(([key]) => [key, large] as const);
    await write(source, entries);
    expect(await compact({ base, source, syncIds: [SYNC] })).toMatchObject({ strategy: 'link' });
  });

  it('rebuilds if the source has no tables', async () => {
    const [base, source] = [await openStore(), await openPlainLevel()];
    await write(source, grantEntries(SYNC, MANY_GRANTS));
    const result = await compact({ base, source, syncIds: [SYNC] });
    expect(result).toMatchObject({ strategy: 'rebuild', generation: 2 });
    expect(result.entries).toBe((await dumpAll(source)).length);
  });
});

describe('planBatch, while isTooLarge is pending', () => {
  const unlimited = { entries: 1e9, readBytes: 1e9, operations: 1e9, bytes: 1e9 };
  const ranges = rangesInKeyOrder([SYNC]);

  async function plan(isTooLarge: () => Promise<boolean>) {
    const [base, source] = [await openStore(), await openStore()];
    await write(source, grantEntries(SYNC, 100));
    const views = [base, source].map((store) => new SnapshotReader(store, { signal: undefined }));
    const [ofBase, ofSource] = views as [SnapshotReader, SnapshotReader];
    try {
      return await planBatch(ofSource, ofBase, ranges, unlimited, isTooLarge());
    } finally {
      for (const view of views) await view.close();
    }
  }

  it('returns a plan if it fulfils with false', async () => {
    expect(await plan(() => Promise.resolve(false))).toHaveProperty('operations');
  });

  it.each([
    ['at once', () => Promise.resolve(true)],
    ['after all was read', () => new Promise<boolean>((done) => setTimeout(done, 200, true))],
  ])('returns no plan if it fulfils with true %s', async (_, isTooLarge) => {
    expect(await plan(isTooLarge)).toEqual({ exceeded: 'entries' });
  });

  it('throws what it rejects with', async () => {
    const cause = new Error('no sizes');
    await expect(plan(() => Promise.reject(cause))).rejects.toBe(cause);
  });
});

describe('a result', () => {
  it('counts linked tables by how they were made', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(source, grantEntries(SYNC, 2000));
    const { buckets, pauseMs, durationMs } = await compact({
      base,
      source,
      syncIds: [SYNC],
      strategy: 'link',
    });
    const grant = buckets.find(({ bucket }) => bucket === 'grant');
    expect(grant).toMatchObject({ tables: { split: 1, built: 0, copied: 0 }, puts: 0 });
    expect(grant?.splitBytes).toBeGreaterThan(10_000);
    expect(buckets.find(({ bucket }) => bucket === 'asset')).toMatchObject({ splitBytes: 0 });
    expect(pauseMs).toBeGreaterThan(0);
    expect(durationMs).toBeGreaterThan(pauseMs);
  });

  it('links the tables that lie inside one bucket', async () => {
    const [base, source] = [await openStore(), await openStore()];
    const grants = grantEntries(SYNC, 4000).filter(([key]) => key[1] === 4);
    await write(source, grants);
    const { buckets } = await compact({ base, source, syncIds: [SYNC], strategy: 'link' });
    const grant = buckets.find(({ bucket }) => bucket === 'grant');
    expect(grant).toMatchObject({ tables: { linked: 1, split: 0 }, splitBytes: 0 });
    expect(grant?.linkedBytes).toBeGreaterThan(10_000);
  });

  it('has the sizes of built tables and the number of entries read', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(source, grantEntries(SYNC, 100));
    const result = await compact({ base, source, syncIds: [SYNC], strategy: 'rebuild' });
    const grant = result.buckets.find(({ bucket }) => bucket === 'grant');
    expect(grant).toMatchObject({ tables: { built: 1, linked: 0, split: 0 } });
    expect(grant?.builtBytes).toBeGreaterThan(1000);
    expect(result.entries).toBe(100 * 4 + 20);
  });

  it('counts the puts and deletes of a batch, without equal entries', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(base, grantEntries(SYNC, 100));
    await write(source, grantEntries(SYNC, 100, { first: 2 }));
    const result = await compact({ base, source, syncIds: [SYNC], strategy: 'batch' });
    const grant = result.buckets.find(({ bucket }) => bucket === 'grant');
    expect(grant).toMatchObject({ puts: 2, deletes: 2, builtBytes: 0 });
    expect(result.plan.batch).toMatchObject({ puts: 9, deletes: 9 });
  });
});

describe('a dry run', () => {
  it.each(['auto', 'link', 'rebuild', 'batch'] as const)(
    'with strategy %s returns the plan and changes nothing',
    async (strategy) => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, allBucketEntries(SYNC, 10, 1));
      await write(source, grantEntries(SYNC, 2000, { revision: 2 }));
      await source.compactRange(Uint8Array.of(0), Uint8Array.of(0xff), { keyEncoding: 'view' });
      const before = await dumpAll(base);
      const options = { base, source, syncIds: [SYNC], strategy, dryRun: true } as const;
      const result = await compact(options);
      expect(result).toMatchObject({
        dryRun: true,
        generation: undefined,
        pauseMs: 0,
        emptied: [],
      });
      expect(result.strategy).toBe(strategy === 'auto' ? 'link' : strategy);
      const grant = result.plan.sizes?.find(({ bucket }) => bucket === 'grant');
      expect(grant?.sourceBytes).toBeGreaterThan(10_000);
      expect(result.plan.sizes).toHaveLength(13);
      expect(await dumpAll(base)).toEqual(before);
      expect((await base.metrics()).generation).toBe(1);
    },
  );

  it('names the syncs that would be emptied, without rejecting', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(base, allBucketEntries(SYNC, 10, 1));
    const result = await compact({ base, source, syncIds: [SYNC], dryRun: true });
    expect(result.emptied).toEqual([SYNC]);
    const options = { base, source, syncIds: [SYNC], dryRun: true, emptySource: 'refuse' } as const;
    expect(await failureOf(compact(options))).toMatchObject({ code: 'SSTITCH_SYNC_EMPTY' });
  });
});

it('refuses a requested batch that is too large, and changes nothing', async () => {
  const [base, source] = [await openStore(), await openStore()];
  const large = new Uint8Array(MAX_BATCH_LIMITS.bytes / 8);
  for (const [key] of grantEntries(SYNC, 3)) await write(source, [[key, large]]);
  const error = await failureOf(compact({ base, source, syncIds: [SYNC], strategy: 'batch' }));
  expect(error).toMatchObject({ code: 'SSTITCH_BATCH_TOO_LARGE' });
  expect((error as Error).message).toMatch(/more than 67108864 bytes to write/);
  expect(await dumpAll(base)).toEqual([]);
});

it.each([
  ['link', ['planned', 'extracting', 'committing', 'committed']],
  ['rebuild', ['planned', 'building', 'committing', 'committed']],
  ['batch', ['planned', 'committing', 'committed']],
] as const)('progress of strategy %s', async (strategy, expected) => {
  const [base, source] = [await openStore(), await openStore()];
  await write(source, grantEntries(SYNC, 3000));
  const events: CompactProgress[] = [];
  const onProgress = (event: CompactProgress) => events.push(event);
  const result = await compact({ base, source, syncIds: [SYNC], strategy, onProgress });
  const types = events.map(({ type }) => type);
  expect(types.filter((type, index) => type !== types[index - 1])).toEqual(expected);
  expect(events[0]).toEqual({ type: 'planned', plan: result.plan });
  expect(events.at(-1)).toEqual({ type: 'committed', generation: result.generation });
});
