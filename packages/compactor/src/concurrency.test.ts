// Concurrent readers, writers, aborts and compactions during a compaction.
import { byteEncodings } from '@sstitch/contract';
import { grantKey, parseSyncId } from '@sstitch/keys';
import { describe, expect, it } from 'vitest';
import {
  allBucketEntries,
  dumpAll,
  dumpSync,
  failureOf,
  grantEntries,
  openStore,
  readAll,
  syncIdOf,
  write,
} from '../test/stores.js';
import { compact } from './compact.js';
import type { CompactBase } from './engines.js';
import type { CompactResult } from './result.js';

const SYNC = syncIdOf(5);
const OTHER = syncIdOf(6);

describe.each(['link', 'rebuild', 'batch'] as const)('while strategy %s runs', (strategy) => {
  it('iterators and snapshots opened before see the old state, and those opened after the new one', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(base, allBucketEntries(SYNC, 60, 1));
    await write(base, allBucketEntries(OTHER, 10, 1));
    await write(source, allBucketEntries(SYNC, 80, 2));
    const before = await dumpAll(base);
    const beforeSync = await dumpSync(base, SYNC);
    const snapshot = base.snapshot();
    const untouched = base.iterator<Uint8Array, Uint8Array>({ ...byteEncodings });
    const begun = base.iterator<Uint8Array, Uint8Array>({ ...byteEncodings });
    const first = await begun.nextv(10);
    await compact({ base, source, syncIds: [SYNC], strategy });
    expect(await readAll(untouched)).toEqual(before);
    expect(await readAll(begun)).toEqual(before.slice(first.length));
    expect(await dumpSync(base, SYNC, { snapshot })).toEqual(beforeSync);
    await snapshot.close();
    expect(await dumpSync(base, SYNC)).toEqual(await dumpSync(source, SYNC));
  });

  it('readers see old or new records and indexes in all buckets, never a mix', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(base, allBucketEntries(SYNC, 100, 1));
    await write(source, allBucketEntries(SYNC, 120, 2));
    const states = [await dumpSync(base, SYNC), await dumpSync(source, SYNC)].map(String);
    const seen: number[] = [];
    let running = true;
    const read = async () => {
      while (running) {
        const snapshot = base.snapshot();
        seen.push(states.indexOf(String(await dumpSync(base, SYNC, { snapshot }))));
        await snapshot.close();
      }
    };
    const reading = read();
    await compact({ base, source, syncIds: [SYNC], strategy });
    running = false;
    await reading;
    expect(seen).not.toContain(-1);
    expect([...seen].sort()).toEqual(seen);
  });

  it('a writer of another sync loses nothing', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(base, allBucketEntries(SYNC, 100, 1));
    await write(source, allBucketEntries(SYNC, 120, 2));
    const entries = grantEntries(OTHER, 20_000);
    let written = 0;
    let running = true;
    const keepWriting = async () => {
      while (running && written < entries.length) {
        await write(base, entries.slice(written, written + 20));
        written = Math.min(written + 20, entries.length);
      }
    };
    const writing = keepWriting();
    for (let round = 0; round < 3; round++) {
      await compact({ base, source, syncIds: [SYNC], strategy });
    }
    running = false;
    await writing;
    expect(written).toBeGreaterThan(0);
    const expected = await openStore();
    await write(expected, entries.slice(0, written));
    await write(expected, allBucketEntries(SYNC, 120, 2));
    expect(await dumpAll(base)).toEqual(await dumpAll(expected));
  });

  it('another compaction of the same sync waits, and the base holds one source or the other', async () => {
    const base = await openStore();
    const sources = [await openStore(), await openStore(), await openStore()];
    for (const [revision, source] of sources.entries()) {
      await write(source, allBucketEntries(SYNC, 30 + revision, revision));
    }
    await Promise.all(
      sources.map((source) => compact({ base, source, syncIds: [SYNC], strategy })),
    );
    expect(await dumpAll(base)).toEqual(await dumpAll(sources[2] ?? base));
  });

  it.each(['planned', 'committing'] as const)(
    'an abort at "%s" leaves the base unchanged',
    async (type) => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, allBucketEntries(SYNC, 60, 1));
      await write(source, allBucketEntries(SYNC, 80, 2));
      const before = await dumpAll(base);
      const abort = new AbortController();
      const error = await failureOf(
        compact({
          base,
          source,
          syncIds: [SYNC],
          strategy,
          signal: abort.signal,
          onProgress: (event) => {
            if (event.type === type) abort.abort();
          },
        }),
      );
      expect(error).toMatchObject({ name: 'AbortError', code: 'SSTITCH_ABORTED' });
      expect(await dumpAll(base)).toEqual(before);
      expect((await base.metrics()).generation).toBe(1);
      // The next compaction of this base is not blocked.
      await compact({ base, source, syncIds: [SYNC], strategy });
      expect(await dumpAll(base)).toEqual(await dumpAll(source));
    },
  );

  it('an error of onProgress leaves the base unchanged', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(base, allBucketEntries(SYNC, 20, 1));
    await write(source, allBucketEntries(SYNC, 30, 2));
    const before = await dumpAll(base);
    const thrown = new Error('the listener failed');
    const onProgress = (event: { readonly type: string }) => {
      if (event.type === 'committing') throw thrown;
    };
    const error = await failureOf(compact({ base, source, syncIds: [SYNC], strategy, onProgress }));
    // The engine wraps what the pages of replaceSpans throw.
    expect(error === thrown || (error as Error).cause === thrown).toBe(true);
    expect(await dumpAll(base)).toEqual(before);
  });
});

it('an abort rejects at once while another compaction runs', async () => {
  const [base, source] = [await openStore(), await openStore()];
  await write(source, allBucketEntries(SYNC, 50));
  const abort = new AbortController();
  const first = compact({ base, source, syncIds: [SYNC], strategy: 'link' });
  const second = compact({ base, source, syncIds: [SYNC], signal: abort.signal });
  abort.abort();
  expect(await failureOf(second)).toMatchObject({ code: 'SSTITCH_ABORTED' });
  await first;
});

it('a batch compaction replaces a write that was acknowledged but not fsynced', async () => {
  const [base, source] = [await openStore(), await openStore()];
  const key = grantKey(parseSyncId(SYNC), 'late');
  await write(source, grantEntries(SYNC, 5));
  await base.batch([{ type: 'put', key, value: key }], byteEncodings);
  await compact({ base, source, syncIds: [SYNC], strategy: 'batch' });
  expect(await base.get(key, byteEncodings)).toBeUndefined();
});

it('of two processes that compact the same sync of a shared base, one leaves its whole version', async () => {
  const [base, first, second] = [await openStore(), await openStore(), await openStore()];
  await write(base, allBucketEntries(SYNC, 20, 1));
  await write(first, allBucketEntries(SYNC, 30, 2));
  await write(second, allBucketEntries(SYNC, 10, 3));
  // As each process has an engine of its own, they do not take turns.
  const engineOfProcess = (): CompactBase => ({
    status: base.status,
    capabilities: { tables: false, checkpoint: false, shared: true },
    get: (key, options) => base.get(key, options),
    getMany: (keys, options) => base.getMany(keys, options),
    iterator: (options) => base.iterator(options),
    snapshot: () => base.snapshot(),
    batch: (operations, options) => base.batch(operations, options),
    replaceSpans: (spans, entries, options) => base.replaceSpans(spans, entries, options),
  });
  let other: Promise<CompactResult> | undefined;
  const result = await compact({
    base: engineOfProcess(),
    source: first,
    syncIds: [SYNC],
    onProgress: ({ type }) => {
      // Once the first has read the base.
      if (type !== 'planned') return;
      other = compact({ base: engineOfProcess(), source: second, syncIds: [SYNC] });
    },
  });
  expect([result.strategy, (await other)?.strategy]).toEqual(['rebuild', 'rebuild']);
  const versions = [await dumpAll(first), await dumpAll(second)];
  expect(versions).toContainEqual(await dumpAll(base));
});
