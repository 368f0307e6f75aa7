import type { ReadableEngine } from '@sstitch/contract';
import { describe, expect, it } from 'vitest';
import {
  allBucketEntries,
  dumpAll,
  failureOf,
  openPlainLevel,
  openStore,
  syncIdOf,
  write,
} from '../test/stores.js';
import { compact } from './compact.js';
import { CompactorError } from './errors.js';
import type { CompactOptions } from './options.js';

const SYNC = syncIdOf(5);

describe.each(['auto', 'link', 'rebuild', 'batch'] as const)(
  'with bad options, strategy %s',
  (strategy) => {
    it('rejects with a code and changes nothing', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, allBucketEntries(SYNC, 5, 1));
      await write(source, allBucketEntries(SYNC, 5, 2));
      const good: CompactOptions = { base, source, syncIds: [SYNC], strategy };
      const before = await dumpAll(base);
      const bad: ReadonlyArray<readonly [object, RegExp]> = [
        [{ base: undefined }, /base is missing/],
        [{ source: undefined }, /source is missing/],
        [{ source: null }, /source is missing/],
        [{ base: {} }, /base is not a database/],
        [{ source: 'directory' }, /source is not a database/],
        [{ source: base }, /same store/],
        [{ syncIds: undefined }, /must be an array/],
        [{ syncIds: SYNC }, /must be an array/],
        [{ syncIds: [] }, /empty/],
        [{ syncIds: [''] }, /0 characters/],
        [{ syncIds: ['not a sync id'] }, /13 characters/],
        [{ syncIds: [SYNC, `${SYNC.slice(0, 26)}-`] }, /character 26/],
        [{ syncIds: ['z'.repeat(27)] }, /does not fit/],
        [{ syncIds: [SYNC, 7] }, /not a sync id: 7/],
        [{ syncIds: [SYNC, SYNC] }, /repeated/],
        [{ strategy: 'magic' }, /strategy must be/],
        [{ emptySource: 'ignore' }, /emptySource/],
        [{ signal: {} }, /AbortSignal/],
        [{ onProgress: 1 }, /onProgress/],
        [{ dryRun: 'yes' }, /dryRun/],
      ];
      for (const [change, message] of bad) {
        const error = await failureOf(compact({ ...good, ...change } as CompactOptions));
        expect(error).toBeInstanceOf(CompactorError);
        expect(error).toMatchObject({ code: 'SSTITCH_COMPACT_INPUT' });
        expect((error as Error).message).toMatch(message);
      }
      expect(await failureOf(compact(undefined as never))).toBeInstanceOf(CompactorError);
      expect(await dumpAll(base)).toEqual(before);
    });

    it('refuses closed stores', async () => {
      const [base, source, closed] = [await openStore(), await openStore(), await openStore()];
      await write(source, allBucketEntries(SYNC, 5));
      await closed.close();
      const syncIds = [SYNC];
      expect(await failureOf(compact({ base: closed, source, syncIds, strategy }))).toMatchObject({
        code: 'SSTITCH_STORE_CLOSED',
        message: expect.stringMatching(/base/),
      });
      expect(await failureOf(compact({ base, source: closed, syncIds, strategy }))).toMatchObject({
        code: 'SSTITCH_STORE_CLOSED',
        message: expect.stringMatching(/source/),
      });
      expect(await dumpAll(base)).toEqual([]);
    });

    it('reports a store that is closed during the compaction', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, allBucketEntries(SYNC, 10, 1));
      await write(source, allBucketEntries(SYNC, 10, 2));
      const before = await dumpAll(base);
      let closing: Promise<void> | undefined;
      const onProgress = () => {
        closing ??= base.close();
      };
      const error = await failureOf(
        compact({ base, source, syncIds: [SYNC], strategy, onProgress }),
      );
      await closing;
      expect(error).toMatchObject({ code: 'SSTITCH_STORE_CLOSED' });
      const again = await openStore(base.location);
      expect(await dumpAll(again)).toEqual(before);
    });

    it('rejects if the signal has fired already', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(source, allBucketEntries(SYNC, 5));
      const signal = AbortSignal.abort(new Error('no time'));
      const error = await failureOf(compact({ base, source, syncIds: [SYNC], strategy, signal }));
      expect(error).toMatchObject({ code: 'SSTITCH_ABORTED', name: 'AbortError' });
      expect((error as Error).cause).toMatchObject({ message: 'no time' });
      expect(await dumpAll(base)).toEqual([]);
    });
  },
);

it('waits for stores that are opening', async () => {
  const [base, source] = [await openStore(), await openStore()];
  await write(source, allBucketEntries(SYNC, 5));
  const expected = await dumpAll(source);
  await Promise.all([base.close(), source.close()]);
  const opening = [base.open(), source.open()];
  await compact({ base, source, syncIds: [SYNC], strategy: 'link' });
  await Promise.all(opening);
  expect(await dumpAll(base)).toEqual(expected);
});

it('refuses a strategy that the databases do not support', async () => {
  const [store, plain] = [await openStore(), await openPlainLevel()];
  await write(plain, allBucketEntries(SYNC, 5));
  await write(store, allBucketEntries(SYNC, 6));
  const tries: ReadonlyArray<Pick<CompactOptions, 'base' | 'source' | 'strategy'>> = [
    { base: store, source: plain, strategy: 'link' },
    { base: plain, source: store, strategy: 'link' },
    { base: plain, source: store, strategy: 'rebuild' },
  ];
  for (const options of tries) {
    const error = await failureOf(compact({ ...options, syncIds: [SYNC] } as CompactOptions));
    expect(error).toMatchObject({ code: 'SSTITCH_STRATEGY_UNAVAILABLE' });
  }
});

it('compacts into a plain database by a batch', async () => {
  const [base, source] = [await openPlainLevel(), await openStore()];
  await write(base, allBucketEntries(SYNC, 700, 1));
  await write(source, allBucketEntries(SYNC, 600, 2));
  const result = await compact({ base, source, syncIds: [SYNC] });
  expect(result).toMatchObject({ strategy: 'batch', generation: undefined });
  expect(await dumpAll(base as ReadableEngine)).toEqual(await dumpAll(source));
});
