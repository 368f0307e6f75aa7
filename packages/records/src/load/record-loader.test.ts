import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Store } from '@sstitch/engine';
import { toHex } from '@sstitch/keys';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../test/level-engine.js';
import { anyRecord, nameOf } from '../../test/random-records.js';
import { asset, codeOf, collect, grant, OTHER_SYNC, resource, SYNC } from '../../test/records.js';
import { encodeRecord } from '../encoding/encode.js';
import { type SyncRunRecord, SyncRunRecordSchema } from '../gen/c1/storage/v3/records_pb.js';
import { recordEntries } from '../indexes/record-entries.js';
import { countSync } from '../read/count-sync.js';
import { digestSync } from '../read/digest-sync.js';
import { identityOf, type SyncRecord } from '../record-types.js';
import { SyncStore } from '../store/sync-store.js';
import { verifyIndexes } from '../verify/verify-indexes.js';
import { type LoadedSync, RecordLoader, type RecordLoaderOptions } from './record-loader.js';

const ENDED = new Date('2026-01-02T03:04:05.678Z');

let directory: string;
let store: Store<Uint8Array, Uint8Array>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sstitch-load-'));
  const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
  store = new Store(join(directory, 'store'), encodings);
  await store.open();
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

/** Adds records of syncs in turn and commits them. */
async function load(
  syncs: ReadonlyMap<string, readonly SyncRecord[]>,
  options: RecordLoaderOptions = {},
  values?: ReadonlyMap<SyncRecord, Uint8Array>,
): Promise<LoadedSync[]> {
  return withLoader(options, async (loader) => {
    const longest = Math.max(...[...syncs.values()].map((records) => records.length));
    for (let at = 0; at < longest; at++) {
      for (const [syncId, records] of syncs) {
        const record = records[at];
        if (record === undefined) continue;
        const value = values?.get(record);
        if (value === undefined) loader.add(syncId, record);
        else loader.addValue(syncId, identityOf(record).bucket, value);
      }
      await loader.room();
    }
    return loader.commit(store);
  });
}

async function withLoader<T>(
  options: RecordLoaderOptions,
  use: (loader: RecordLoader<unknown>) => Promise<T>,
): Promise<T> {
  const loader = new RecordLoader((tables) => store.tableLoader(tables), options);
  try {
    return await use(loader as RecordLoader<unknown>);
  } finally {
    await loader.end();
  }
}

function many(syncId: string, count: number): SyncRecord[] {
  return Array.from({ length: count }, (_, at) => ({
    ...grant(`g${(at * 7919) % count}`, {
      principal: { resourceTypeId: 'user', resourceId: `u${at}` },
    }),
    syncId,
  }));
}

function runOf(syncId: string, endedAt?: Date): SyncRunRecord {
  return create(SyncRunRecordSchema, {
    syncId,
    ...(endedAt && { endedAt: timestampFromDate(endedAt) }),
  });
}

async function contents(): Promise<string[]> {
  return (await store.iterator().all()).map(([key, value]) => `${toHex(key)} ${toHex(value)}`);
}

function entriesOf(syncId: string, records: readonly SyncRecord[]): string[] {
  return recordEntries(syncId, records).map(({ key, value }) => `${toHex(key)} ${toHex(value)}`);
}

describe('a bulk load', () => {
  test.each([
    ['in memory', {}],
    ['through many sorted runs', { maxHeldBytes: 20_000 }],
  ])('makes the store hold the records of its syncs, %s', async (_how, options) => {
    await load(new Map([[SYNC, [grant('old'), asset('old', new Uint8Array(3))]]]));
    const syncs = new Map([SYNC, OTHER_SYNC].map((syncId) => [syncId, many(syncId, 700)]));
    const loaded = await load(syncs, options);
    const wanted = [...syncs].flatMap(([syncId, records]) => entriesOf(syncId, records));
    expect(await contents()).toEqual(wanted.sort());
    expect(loaded.map(({ syncId, entries, stats }) => [syncId, entries, stats.grants])).toEqual([
      [SYNC, 2800, 700n],
      [OTHER_SYNC, 2800, 700n],
    ]);
  });

  test('does not change other syncs', async () => {
    const records = new SyncStore(store);
    await records.putMany(OTHER_SYNC, many(OTHER_SYNC, 10));
    const { digest } = await digestSync(store, OTHER_SYNC);
    await load(new Map([[SYNC, many(SYNC, 10)]]));
    expect((await digestSync(store, OTHER_SYNC)).digest).toBe(digest);
    expect(await withLoader({}, (loader) => loader.commit(store))).toEqual([]);
    expect((await digestSync(store, OTHER_SYNC)).digest).toBe(digest);
  });

  test('has the same result as puts of the same records, with exact statistics', async () => {
    const engine = await openEngine();
    const puts = new SyncStore(engine, { now: () => ENDED });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 40 }), fc.boolean(), async (all, ends) => {
        const records = [...new Map(all.map((record) => [nameOf(record), record])).values()];
        await engine.batch(
          (await collectKeys(engine)).map((key) => ({ type: 'del', key })),
          { keyEncoding: 'view', valueEncoding: 'view' },
        );
        await puts.put(SYNC, runOf(SYNC));
        await puts.putMany(SYNC, records);
        if (ends) await puts.endSync(SYNC);
        await load(new Map([[SYNC, [...records, runOf(SYNC, ends ? ENDED : undefined)]]]));
        expect(await digestSync(store, SYNC)).toEqual(await digestSync(engine, SYNC));
        expect(await collect(verifyIndexes(store, SYNC))).toEqual([]);
        const reader = new SyncStore(store);
        expect(await reader.getSyncStats(SYNC)).toEqual(
          ends ? await countSync(store, SYNC, { writtenAt: ENDED }) : undefined,
        );
      }),
      { numRuns: 15 },
    );
  });

  test('recomputes the counts of statistics, and keeps their other fields', async () => {
    const counted = await countSync(store, SYNC, { writtenAt: ENDED });
    const given = {
      ...counted,
      grants: 99n,
      grantsByEntitlementResourceType: { role: 99n },
      stepDurationsMs: { b: 2n, a: 1n },
    };
    await load(new Map([[SYNC, [given, resource('user:ann')]]]));
    expect(await new SyncStore(store).getSyncStats(SYNC)).toEqual({
      ...counted,
      resources: 1n,
      resourcesByResourceType: { user: 1n },
      stepDurationsMs: { b: 2n, a: 1n },
    });
  });

  test('stores the given bytes instead of encoded ones', async () => {
    const record = grant('g');
    // The same grant with its fields in reverse order.
    const value = Uint8Array.from([
      ...recordValue(record).slice(29),
      ...recordValue(record).slice(0, 29),
    ]);
    await load(new Map([[SYNC, [record]]]), {}, new Map([[record, value]]));
    expect((await contents())[0]?.endsWith(toHex(value))).toBe(true);
    expect(await new SyncStore(store).getGrant(SYNC, 'g')).toEqual(record);
  });

  test.each([
    ['in memory', {}],
    ['in different runs', { maxHeldBytes: 20_000 }],
  ])('refuses a duplicate record, %s, with its name, and writes nothing', async (_how, options) => {
    const syncs = new Map([[SYNC, [...many(SYNC, 700), grant('g5')]]]);
    await expect(load(syncs, options)).rejects.toMatchObject({
      code: 'SSTITCH_RECORD_REPEATED',
      message: 'duplicate record: grant "g5"',
    });
    expect(await contents()).toEqual([]);
  });

  test('refuses duplicate statistics, and records of another sync', async () => {
    const stats = await countSync(store, SYNC);
    const twice = () => load(new Map([[SYNC, [stats, stats]]]));
    expect(await codeOf(twice)).toBe('SSTITCH_RECORD_REPEATED');
    for (const record of [grant('g'), stats]) {
      const foreign = () => load(new Map([[OTHER_SYNC, [record]]]));
      expect(await codeOf(foreign)).toBe('SSTITCH_RECORD_SYNC_MISMATCH');
    }
    const nonsense = load(new Map([['nonsense', [grant('g')]]]));
    await expect(nonsense).rejects.toMatchObject({ code: 'SSTITCH_SYNC_ID_INVALID' });
  });

  test('writes nothing if it is aborted', async () => {
    const abort = new AbortController();
    const loading = withLoader({ signal: abort.signal }, async (loader) => {
      await loader.addMany(SYNC, many(SYNC, 300));
      abort.abort(new Error('enough'));
      await loader.commit(store);
    });
    await expect(loading).rejects.toMatchObject({ name: 'AbortError', code: 'SSTITCH_ABORTED' });
    expect(await contents()).toEqual([]);
  });

  test('accepts nothing after its commit', async () => {
    await withLoader({}, async (loader) => {
      loader.add(SYNC, grant('g'));
      await loader.commit(store);
      expect(await codeOf(() => loader.add(SYNC, grant('h')))).toBe('SSTITCH_LOAD_COMMITTED');
      expect(await codeOf(() => loader.commit(store))).toBe('SSTITCH_LOAD_COMMITTED');
    });
  });

  test.each([
    ['a record', { ...resource('user:bad'), displayName: '\ud800' }, 'SSTITCH_RECORD_INVALID'],
    ['a record of another sync', resource('user:ann'), 'SSTITCH_RECORD_SYNC_MISMATCH'],
  ])('does not commit after it has refused %s', async (_, refused, code) => {
    await new SyncStore(store).put(OTHER_SYNC, { ...resource('user:kept'), syncId: OTHER_SYNC });
    const before = await contents();
    await withLoader({}, async (loader) => {
      const syncId = code === 'SSTITCH_RECORD_INVALID' ? SYNC : OTHER_SYNC;
      expect(await codeOf(() => loader.add(syncId, refused))).toBe(code);
      loader.add(SYNC, resource('user:good'));
      expect(await codeOf(() => loader.commit(store))).toBe(code);
    });
    expect(await contents()).toEqual(before);
  });

  test('has the same result from bytes as from records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 40 }), async (all) => {
        const records = [...new Map(all.map((record) => [nameOf(record), record])).values()];
        const run = runOf(SYNC, ENDED);
        const loaded = await load(new Map([[SYNC, [...records, run]]]));
        const wanted = await contents();
        const bytes = new Map([...records, run].map((record) => [record, encodeRecord(record)]));
        const again = await load(new Map([[SYNC, [...records, run]]]), {}, bytes);
        expect(again).toEqual(loaded);
        expect(await contents()).toEqual(wanted);
      }),
      { numRuns: 15 },
    );
  });

  test('refuses bytes that are not a record, and records of another sync', async () => {
    await withLoader({}, async (loader) => {
      const refused = (syncId: string, value: Uint8Array) =>
        codeOf(() => loader.addValue(syncId, 'grant', value));
      expect(await refused(SYNC, Uint8Array.of(0xff))).toBe('SSTITCH_RECORD_UNDECODABLE');
      expect(await refused(SYNC, 'text' as never)).toBe('SSTITCH_RECORD_UNDECODABLE');
      const value = encodeRecord(grant('g'));
      expect(await refused(OTHER_SYNC, value)).toBe('SSTITCH_RECORD_SYNC_MISMATCH');
      await expect(async () => loader.addValue('nonsense', 'grant', value)).rejects.toMatchObject({
        code: 'SSTITCH_SYNC_ID_INVALID',
      });
    });
  });

  test.each([0, -1, Number.NaN])('refuses a memory limit of %s bytes', (maxHeldBytes) => {
    const open = () => new RecordLoader(() => ({}) as never, { maxHeldBytes });
    expect(open).toThrow(expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }));
  });
});

function recordValue(record: SyncRecord): Uint8Array {
  const value = recordEntries(record.syncId, [record])[0]?.value;
  if (value === undefined) throw new Error('no entry');
  return value;
}

async function collectKeys(engine: Awaited<ReturnType<typeof openEngine>>): Promise<Uint8Array[]> {
  const iterator = engine.iterator({ keyEncoding: 'view', valueEncoding: 'view', values: false });
  const keys: Uint8Array[] = [];
  for (let page = await iterator.nextv(100); page.length > 0; page = await iterator.nextv(100)) {
    keys.push(...page.map(([key]) => key));
  }
  await iterator.close();
  return keys;
}
