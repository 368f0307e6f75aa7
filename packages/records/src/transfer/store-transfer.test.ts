import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ReadWriteEngine } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { parseSyncId } from '@sstitch/keys';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../test/level-engine.js';
import { anyRecord } from '../../test/random-records.js';
import { asset, codeOf, grant, OTHER_SYNC, resource, SYNC } from '../../test/records.js';
import { encodeRecord } from '../encoding/encode.js';
import { SyncRunRecordSchema } from '../gen/c1/storage/v3/records_pb.js';
import { type LoadedSync, RecordLoader } from '../load/record-loader.js';
import { digestSync } from '../read/digest-sync.js';
import { identityOf, primaryKey, type SyncRecord } from '../record-types.js';
import { SyncStore } from '../store/sync-store.js';
import { verifyIndexes } from '../verify/verify-indexes.js';
import { RecordBatch } from './record-batch.js';
import { StoreSink } from './store-sink.js';
import { StoreSource } from './store-source.js';
import type { BatchOptions, SyncSource } from './sync-transfer.js';

const THIRD_SYNC = '3MmlCPoe0ERCi8Id5k2DbWCfbl8';

let directory: string;
let target: Store<Uint8Array, Uint8Array>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sstitch-transfer-'));
  target = new Store(directory, { keyEncoding: 'view', valueEncoding: 'view' });
  await target.open();
});

afterEach(async () => {
  await target.close();
  await rm(directory, { recursive: true });
});

/** Transfers syncs to the target, one of them under another id. */
async function transfer(
  source: SyncSource,
  { as, ...options }: BatchOptions & { readonly as?: string } = {},
): Promise<LoadedSync[]> {
  const loader = new RecordLoader((tables) => target.tableLoader(tables));
  const sink = new StoreSink(loader, target);
  try {
    for await (const batch of source.batches(options)) {
      await sink.add(as === undefined ? batch : batch.withSyncId(as));
    }
    return await sink.finish();
  } finally {
    await sink.close();
  }
}

/** An engine with a finished sync and the beginning of another. */
async function filledEngine(): Promise<ReadWriteEngine> {
  const engine = await openEngine();
  const store = new SyncStore(engine, { now: () => new Date('2026-01-02T03:04:05.678Z') });
  for (const syncId of [SYNC, OTHER_SYNC]) {
    await store.startSync({ syncId });
    await store.putMany(syncId, [
      ...[
        resource('user:ann'),
        asset('icon', new Uint8Array([1, 2, 3])),
        grant('g1'),
        grant('g2'),
      ].map((record) => ({ ...record, syncId })),
    ]);
  }
  await store.endSync(SYNC);
  return engine;
}

async function digestOf(engine: ReadWriteEngine, syncId: string): Promise<string> {
  return (await digestSync(engine, syncId)).digest;
}

async function problemsOf(engine: ReadWriteEngine, syncId: string): Promise<string[]> {
  const problems: string[] = [];
  for await (const { message } of verifyIndexes(engine, syncId)) problems.push(message);
  return problems;
}

describe('a store as source and sink', () => {
  test('transfers all syncs, finished or not, byte for byte', async () => {
    const engine = await filledEngine();
    const loaded = await transfer(new StoreSource(engine));
    expect(loaded.map(({ syncId }) => syncId)).toEqual([SYNC, OTHER_SYNC]);
    for (const syncId of [SYNC, OTHER_SYNC]) {
      expect(await digestOf(target, syncId)).toBe(await digestOf(engine, syncId));
    }
  });

  test('transfers a sync under another id, with the same entries as if it had been written under that id', async () => {
    const engine = await filledEngine();
    await transfer(new StoreSource(engine), { syncIds: [SYNC], as: THIRD_SYNC });
    expect((await digestSync(target, SYNC)).keys).toBe(0);
    expect(await problemsOf(target, THIRD_SYNC)).toEqual([]);
    // Transferred back: nothing was lost.
    await transfer(new StoreSource(target), { as: SYNC });
    expect(await digestOf(target, SYNC)).toBe(await digestOf(engine, SYNC));
  });

  test('replaces everything that the store held of the sync, and nothing else', async () => {
    const store = new SyncStore(target);
    await store.put(SYNC, grant('stale'));
    await store.put(THIRD_SYNC, { ...grant('kept'), syncId: THIRD_SYNC });
    const kept = await digestOf(target, THIRD_SYNC);
    const engine = await filledEngine();
    await transfer(new StoreSource(engine), { syncIds: [SYNC] });
    expect(await digestOf(target, SYNC)).toBe(await digestOf(engine, SYNC));
    expect(await digestOf(target, THIRD_SYNC)).toBe(kept);
  });

  test('shows one state of the engine, whatever is written meanwhile', async () => {
    const engine = await filledEngine();
    const before = await digestOf(engine, SYNC);
    const source: SyncSource = new StoreSource(engine);
    const batches = source.batches({ syncIds: [SYNC] })[Symbol.asyncIterator]();
    const first = await batches.next();
    await new SyncStore(engine).put(SYNC, grant('late'));
    await transfer({
      async *batches() {
        yield first.value;
        for (let next = await batches.next(); !next.done; next = await batches.next()) {
          yield next.value;
        }
      },
      close: () => source.close(),
      [Symbol.asyncDispose]: () => source.close(),
    });
    expect(await digestOf(target, SYNC)).toBe(before);
  });

  test('keeps bytes that encodeRecord would write differently', async () => {
    const engine = await openEngine();
    const record = grant('g1');
    const encoded = encodeRecord(record);
    // An unknown field before the others.
    const value = new Uint8Array([0xf8, 0x7f, 0x01, ...encoded]);
    await engine.batch([{ type: 'put', key: primaryKey(parseSyncId(SYNC), record), value }], {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    await transfer(new StoreSource(engine), { syncIds: [SYNC] });
    const key = primaryKey(parseSyncId(SYNC), record);
    expect(new Uint8Array((await target.get(key)) ?? [])).toEqual(value);
    await transfer(new StoreSource(target), { syncIds: [SYNC], as: OTHER_SYNC });
    await transfer(new StoreSource(target), { syncIds: [OTHER_SYNC], as: SYNC });
    expect(new Uint8Array((await target.get(key)) ?? [])).toEqual(
      new Uint8Array([...encoded.subarray(0, 29), 0xf8, 0x7f, 0x01, ...encoded.subarray(29)]),
    );
  });

  test('refuses a missing sync, and ends when the signal fires', async () => {
    const source = new StoreSource(await filledEngine());
    expect(await codeOf(() => transfer(source, { syncIds: [SYNC, THIRD_SYNC] }))).toBe(
      'SSTITCH_SYNC_NOT_FOUND',
    );
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await codeOf(() => transfer(source, { signal }))).toBe('SSTITCH_ABORTED');
    expect((await digestSync(target, SYNC)).keys).toBe(0);
  });
});

describe('RecordBatch.withSyncId', () => {
  test('produces the same records from messages and from bytes', () => {
    fc.assert(
      fc.property(anyRecord, (record: SyncRecord) => {
        const { bucket } = identityOf(record);
        const ofRecords = RecordBatch.ofRecords(SYNC, bucket, [record] as never);
        const ofValues = RecordBatch.ofValues(SYNC, bucket, [encodeRecord(record)]);
        const decoded = RecordBatch.ofValues(SYNC, bucket, [encodeRecord(record)]);
        expect(decoded.records).toHaveLength(1);
        const expected = encodeRecord({ ...record, syncId: OTHER_SYNC });
        for (const batch of [ofRecords, ofValues, decoded]) {
          const renamed = batch.withSyncId(OTHER_SYNC);
          expect(renamed.values).toEqual([expected]);
          expect(renamed.records[0]?.syncId).toBe(OTHER_SYNC);
        }
      }),
    );
  });

  test('does not change references to another sync', () => {
    const run = create(SyncRunRecordSchema, {
      syncId: SYNC,
      parentSyncId: SYNC,
      startedAt: timestampFromDate(new Date(0)),
    });
    const [renamed] = RecordBatch.ofRecords(SYNC, 'sync_run', [run]).withSyncId(OTHER_SYNC).records;
    expect(renamed).toMatchObject({ syncId: OTHER_SYNC, parentSyncId: SYNC });
  });
});
