// The tests of the original Go compactor, with every strategy, and tests of SSTitch's further guarantees.
import { byteEncodings } from '@sstitch/contract';
import { openReadOnly } from '@sstitch/engine';
import { BUCKETS } from '@sstitch/keys';
import { describe, expect, it } from 'vitest';
import {
  allBucketEntries,
  countGrants,
  dumpAll,
  dumpBucket,
  dumpSync,
  EMPTY_DUMP,
  failureOf,
  grantEntries,
  openPlainLevel,
  openStore,
  syncIdOf,
  write,
} from '../test/stores.js';
import { compact } from './compact.js';
import { EmptySyncError } from './errors.js';

const SYNC = syncIdOf(5);
const BEFORE = syncIdOf(4);
const AFTER = syncIdOf(6);

describe.each(['auto', 'link', 'rebuild', 'batch'] as const)(
  'compact with strategy %s',
  (strategy) => {
    it('copies 200 grants and their index entries', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(source, grantEntries(SYNC, 200));
      const result = await compact({ base, source, syncIds: [SYNC], strategy });
      expect(await countGrants(base, SYNC)).toBe(200);
      expect(await dumpSync(base, SYNC)).toEqual(await dumpSync(source, SYNC));
      expect(result.syncs).toEqual([SYNC]);
      expect(result.emptied).toEqual([]);
      expect(result.strategy).toBe(strategy === 'auto' ? 'batch' : strategy);
    });

    it('replaces 500 old grants by 50 new ones and leaves no stale index entry', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, grantEntries(SYNC, 500, { revision: 1 }));
      await write(source, grantEntries(SYNC, 50, { revision: 2, first: 480 }));
      await compact({ base, source, syncIds: [SYNC], strategy });
      expect(await countGrants(base, SYNC)).toBe(50);
      expect(await dumpBucket(base, SYNC, 'grant_by_entitlement')).toHaveLength(50);
      expect(await dumpAll(base)).toEqual(await dumpAll(source));
    });

    it('replaces all 13 buckets', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, allBucketEntries(SYNC, 40, 1));
      await write(source, allBucketEntries(SYNC, 30, 2));
      const { buckets } = await compact({ base, source, syncIds: [SYNC], strategy });
      for (const { bucket } of BUCKETS) {
        const entries = await dumpBucket(base, SYNC, bucket);
        expect(entries).not.toEqual([]);
        expect(entries).toEqual(await dumpBucket(source, SYNC, bucket));
      }
      expect(buckets.map(({ bucket }) => bucket)).toEqual(BUCKETS.map(({ bucket }) => bucket));
      expect(buckets.every(({ syncId }) => syncId === SYNC)).toBe(true);
    });

    it("does not change other syncs of the base, and does not copy the source's others", async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, grantEntries(SYNC, 100));
      await write(base, grantEntries(AFTER, 100));
      await write(base, [[Uint8Array.of(3, 9, 1), Uint8Array.of(1)]]);
      await write(source, grantEntries(SYNC, 25, { revision: 1 }));
      await write(source, allBucketEntries(BEFORE, 30));
      await write(source, allBucketEntries(AFTER, 30, 7));
      const other = await dumpSync(base, AFTER);
      await compact({ base, source, syncIds: [SYNC], strategy });
      expect(await countGrants(base, SYNC)).toBe(25);
      expect(await countGrants(base, AFTER)).toBe(100);
      expect(await dumpSync(base, AFTER)).toEqual(other);
      expect(await dumpSync(base, BEFORE)).toEqual(EMPTY_DUMP);
      const reserved = await base.get(Uint8Array.of(3, 9, 1), byteEncodings);
      expect(Array.from(reserved ?? [])).toEqual([1]);
    });

    it('replaces several syncs in one commit', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, allBucketEntries(BEFORE, 20, 1));
      await write(base, allBucketEntries(SYNC, 20, 1));
      await write(base, allBucketEntries(AFTER, 20, 1));
      await write(source, allBucketEntries(BEFORE, 25, 2));
      await write(source, allBucketEntries(AFTER, 15, 2));
      const kept = await dumpSync(base, SYNC);
      const { generation } = await base.metrics();
      const result = await compact({ base, source, syncIds: [AFTER, BEFORE], strategy });
      expect(await dumpSync(base, BEFORE)).toEqual(await dumpSync(source, BEFORE));
      expect(await dumpSync(base, AFTER)).toEqual(await dumpSync(source, AFTER));
      expect(await dumpSync(base, SYNC)).toEqual(kept);
      expect(result.buckets.map(({ syncId }) => syncId)).toEqual([
        ...BUCKETS.map(() => AFTER),
        ...BUCKETS.map(() => BEFORE),
      ]);
      const commits = result.strategy === 'batch' ? 0 : 1;
      expect((await base.metrics()).generation).toBe(generation + commits);
      expect(result.generation).toBe(commits === 0 ? undefined : generation + 1);
    });

    it('changes nothing when run again', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(source, allBucketEntries(SYNC, 20));
      await compact({ base, source, syncIds: [SYNC], strategy });
      const once = await dumpAll(base);
      const { plan } = await compact({ base, source, syncIds: [SYNC], strategy });
      expect(await dumpAll(base)).toEqual(once);
      if (plan.batch) expect(plan.batch).toEqual({ puts: 0, deletes: 0, bytes: 0 });
    });

    it('leaves the base with the same contents after a full compaction by LevelDB and a reopen', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(base, allBucketEntries(BEFORE, 100, 1));
      await write(base, allBucketEntries(SYNC, 300, 1));
      await write(source, allBucketEntries(SYNC, 200, 2));
      await compact({ base, source, syncIds: [SYNC], strategy });
      const expected = await dumpAll(base);
      await base.compactRange(Uint8Array.of(0), Uint8Array.of(0xff), { keyEncoding: 'view' });
      expect(await dumpAll(base)).toEqual(expected);
      await base.close();
      const again = await openStore(base.location);
      expect(await dumpAll(again)).toEqual(expected);
      expect(await dumpSync(again, SYNC)).toEqual(await dumpSync(source, SYNC));
    });

    it('copies the current state of a sync that was overwritten and partly deleted', async () => {
      const [base, source] = [await openStore(), await openStore()];
      await write(source, grantEntries(SYNC, 300, { revision: 1 }));
      await source.compactRange(Uint8Array.of(0), Uint8Array.of(0xff), { keyEncoding: 'view' });
      const gone = grantEntries(SYNC, 300, { revision: 1 }).slice(100, 900);
      await source.batch(
        gone.map(([key]) => ({ type: 'del', key }) as const),
        byteEncodings,
      );
      await write(source, grantEntries(SYNC, 50, { revision: 1, first: 70 }));
      await write(base, grantEntries(SYNC, 300, { revision: 1 }));
      await compact({ base, source, syncIds: [SYNC], strategy });
      expect(await dumpSync(base, SYNC)).toEqual(await dumpSync(source, SYNC));
    });

    describe('of which the source holds nothing', () => {
      it("removes the base's data and then rejects with EmptySyncError", async () => {
        const [base, source] = [await openStore(), await openStore()];
        await write(base, allBucketEntries(SYNC, 50));
        await write(base, allBucketEntries(AFTER, 50));
        await write(source, allBucketEntries(BEFORE, 5));
        const other = await dumpSync(base, AFTER);
        const error = await failureOf(compact({ base, source, syncIds: [SYNC], strategy }));
        expect(error).toBeInstanceOf(EmptySyncError);
        expect(error).toMatchObject({ code: 'SSTITCH_SYNC_EMPTY', syncIds: [SYNC] });
        expect((error as EmptySyncError).result).toMatchObject({ emptied: [SYNC], syncs: [SYNC] });
        expect(await dumpSync(base, SYNC)).toEqual(EMPTY_DUMP);
        expect(await dumpSync(base, AFTER)).toEqual(other);
      });

      it("leaves the base unchanged with emptySource: 'refuse'", async () => {
        const [base, source] = [await openStore(), await openStore()];
        await write(base, allBucketEntries(SYNC, 50));
        await write(source, allBucketEntries(BEFORE, 5));
        const before = await dumpAll(base);
        const options = { base, source, syncIds: [SYNC], strategy, emptySource: 'refuse' } as const;
        const error = await failureOf(compact(options));
        expect(error).toBeInstanceOf(EmptySyncError);
        expect((error as EmptySyncError).result).toBeUndefined();
        expect(await dumpAll(base)).toEqual(before);
        expect((await base.metrics()).generation).toBe(1);
      });

      it('commits the other syncs of the call, or none of them with refuse', async () => {
        const [base, source] = [await openStore(), await openStore()];
        await write(base, allBucketEntries(SYNC, 20, 1));
        await write(base, allBucketEntries(AFTER, 20, 1));
        await write(source, allBucketEntries(AFTER, 30, 2));
        const syncIds = [SYNC, AFTER];
        const before = await dumpAll(base);
        const refuse = { base, source, syncIds, strategy, emptySource: 'refuse' } as const;
        expect(await failureOf(compact(refuse))).toMatchObject({ syncIds: [SYNC] });
        expect(await dumpAll(base)).toEqual(before);
        const error = await failureOf(compact({ base, source, syncIds, strategy }));
        expect(error).toMatchObject({ code: 'SSTITCH_SYNC_EMPTY', syncIds: [SYNC] });
        expect(await dumpAll(base)).toEqual(await dumpAll(source));
      });

      it('distinguishes a deleted sync of the source from an existing one', async () => {
        const [base, source] = [await openStore(), await openStore()];
        const entries = allBucketEntries(SYNC, 20);
        await write(base, entries);
        await write(source, entries);
        await source.compactRange(Uint8Array.of(0), Uint8Array.of(0xff), { keyEncoding: 'view' });
        await source.clear();
        const error = await failureOf(compact({ base, source, syncIds: [SYNC], strategy }));
        expect(error).toBeInstanceOf(EmptySyncError);
        expect(await dumpAll(base)).toEqual([]);
      });
    });
  },
);

describe.each(['auto', 'rebuild', 'batch'] as const)('a source without tables, %s', (strategy) => {
  it('is copied in full', async () => {
    const [base, source] = [await openStore(), await openPlainLevel()];
    await write(base, allBucketEntries(SYNC, 500, 1));
    await write(base, allBucketEntries(AFTER, 10, 1));
    await write(source, allBucketEntries(SYNC, 600, 2));
    const other = await dumpSync(base, AFTER);
    const result = await compact({ base, source, syncIds: [SYNC], strategy });
    expect(result.strategy).toBe(strategy === 'auto' ? 'rebuild' : strategy);
    expect(result.entries).toBe((await dumpAll(source)).length);
    expect(await dumpSync(base, SYNC)).toEqual(await dumpSync(source, SYNC));
    expect(await dumpSync(base, AFTER)).toEqual(other);
  });
});

it('accepts a read-only store as a source, which another process may have open', async () => {
  const [base, writer] = [await openStore(), await openStore()];
  await write(base, allBucketEntries(SYNC, 300, 1));
  await write(writer, allBucketEntries(SYNC, 800, 2));
  const source = await openReadOnly(writer.location);
  try {
    await compact({ base, source, syncIds: [SYNC] });
    expect(await dumpAll(base)).toEqual(await dumpAll(writer));
  } finally {
    await source.close();
  }
});
