// Compares rebuilds from tables with rebuilds from an iterator.
import { byteEncodings, type ReadWriteEngine } from '@sstitch/contract';
import { describe, expect, it } from 'vitest';
import {
  allBucketEntries,
  dumpAll,
  dumpSync,
  EMPTY_DUMP,
  failureOf,
  grantEntries,
  openPlainLevel,
  openStore,
  syncIdOf,
  write,
} from '../../test/stores.js';
import { compact } from '../compact.js';

const SYNC = syncIdOf(3);
const OTHER = syncIdOf(4);

/** Makes a sync with shadowed versions and tombstones: 200 of 300 grants remain, with new values. */
async function writeTwice(database: ReadWriteEngine): Promise<void> {
  await write(database, grantEntries(SYNC, 300));
  const [kept, all] = [grantEntries(SYNC, 200, { revision: 2 }), grantEntries(SYNC, 300)];
  await write(database, kept);
  const keys = new Set(kept.map(([key]) => Buffer.from(key).toString('hex')));
  const gone = all.filter(([key]) => !keys.has(Buffer.from(key).toString('hex')));
  await database.batch(
    gone.map(([key]) => ({ type: 'del' as const, key })),
    byteEncodings,
  );
}

describe('a rebuild', () => {
  it('from tables builds the same bytes as one from an iterator, in one commit', async () => {
    const [store, plain] = [await openStore(), await openPlainLevel()];
    const results = [];
    for (const source of [store, plain]) {
      await writeTwice(source);
      const base = await openStore();
      await write(base, allBucketEntries(SYNC, 10, 1));
      await write(base, allBucketEntries(OTHER, 10, 1));
      const before = await dumpSync(base, OTHER);
      const result = await compact({ base, source, syncIds: [SYNC], strategy: 'rebuild' });
      expect(result).toMatchObject({ strategy: 'rebuild', generation: 2, emptied: [] });
      expect(await dumpSync(base, SYNC)).toEqual(await dumpSync(source, SYNC));
      expect(await dumpSync(base, OTHER)).toEqual(before);
      results.push({ entries: result.entries, buckets: result.buckets });
    }
    // An additional version or tombstone would change the sizes of compressed blocks.
    expect(results[0]).toEqual(results[1]);
    expect(results[0]?.entries).toBeGreaterThan(800);
  });

  it('finds that a sync was deleted, even if it has tables', async () => {
    const [base, source] = [await openStore(), await openStore()];
    await write(base, allBucketEntries(SYNC, 10, 1));
    const entries = allBucketEntries(SYNC, 10, 2);
    await write(source, entries);
    await write(source, allBucketEntries(OTHER, 10, 2));
    await source.batch(
      entries.map(([key]) => ({ type: 'del' as const, key })),
      byteEncodings,
    );
    const options = { base, source, syncIds: [SYNC, OTHER], strategy: 'rebuild' } as const;
    const before = await dumpAll(base);
    const refused = await failureOf(compact({ ...options, emptySource: 'refuse' }));
    expect(refused).toMatchObject({ code: 'SSTITCH_SYNC_EMPTY', syncIds: [SYNC] });
    expect(await dumpAll(base)).toEqual(before);
    expect(await failureOf(compact(options))).toMatchObject({ code: 'SSTITCH_SYNC_EMPTY' });
    expect(await dumpSync(base, SYNC)).toEqual(EMPTY_DUMP);
    expect(await dumpSync(base, OTHER)).toEqual(await dumpSync(source, OTHER));
  });
});
