import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { ReadWriteEngine } from '@sstitch/contract';
import { isSyncId } from '@sstitch/keys';
import { beforeEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../test/level-engine.js';
import {
  asset,
  codeOf,
  collect,
  entitlement,
  grant,
  OTHER_SYNC,
  readableKeys,
  resource,
  resourceType,
  SYNC,
} from '../../test/records.js';
import { SyncType } from '../gen/c1/storage/v3/records_pb.js';
import { countSync } from '../read/count-sync.js';
import { SyncCounter } from '../statistics/sync-counter.js';
import { SyncStore } from './sync-store.js';

const START = new Date('2026-01-02T03:04:05.678Z');
const END = new Date('2026-01-02T04:00:00.000Z');

let engine: ReadWriteEngine;
let store: SyncStore;
let time: Date;

beforeEach(async () => {
  engine = await openEngine();
  time = START;
  store = new SyncStore(engine, { now: () => time });
});

const records = [
  resourceType('user'),
  resourceType('group'),
  resource('user:ann'),
  resource('user:bob'),
  resource('group:staff'),
  entitlement('staff:member', 'group:staff'),
  grant('g1'),
  grant('g2'),
  { ...grant('g3'), entitlement: undefined },
  asset('logo', new Uint8Array(2)),
];

describe('a sync', () => {
  test('has its run and its statistics after it is started, filled and ended', async () => {
    const started = await store.startSync({ syncId: SYNC, syncToken: 'token', supportsDiff: true });
    expect(started.type).toBe(SyncType.FULL);
    await store.putMany(SYNC, records);
    time = END;
    const { run, stats } = await store.endSync(SYNC);

    expect(await store.getSyncRun(SYNC)).toEqual(run);
    expect(run).toMatchObject({ syncId: SYNC, syncToken: 'token', supportsDiff: true });
    expect(run.startedAt && timestampDate(run.startedAt)).toEqual(START);
    expect(run.endedAt && timestampDate(run.endedAt)).toEqual(END);

    expect(await store.getSyncStats(SYNC)).toEqual(stats);
    expect(stats).toMatchObject({
      syncId: SYNC,
      resourceTypes: 2n,
      resources: 3n,
      entitlements: 1n,
      grants: 3n,
      assets: 1n,
      resourcesByResourceType: { user: 2n, group: 1n },
      entitlementsByResourceType: { group: 1n },
      grantsByEntitlementResourceType: { group: 2n, '': 1n },
    });
    expect(stats.writtenAt && timestampDate(stats.writtenAt)).toEqual(END);
  });

  test('gets a new id of its time if it is started without one', async () => {
    const first = await store.startSync();
    time = END;
    const second = await store.startSync({ type: SyncType.PARTIAL, parentSyncId: first.syncId });
    expect(isSyncId(first.syncId)).toBe(true);
    expect(first.syncId < second.syncId).toBe(true);
    expect(second).toMatchObject({ type: SyncType.PARTIAL, parentSyncId: first.syncId });
  });

  test('cannot be started twice, ended twice, or ended before it is started', async () => {
    expect(await codeOf(() => store.endSync(SYNC))).toBe('SSTITCH_SYNC_NOT_FOUND');
    await store.startSync({ syncId: SYNC });
    expect(await codeOf(() => store.startSync({ syncId: SYNC }))).toBe('SSTITCH_SYNC_EXISTS');
    await store.endSync(SYNC);
    expect(await codeOf(() => store.endSync(SYNC))).toBe('SSTITCH_SYNC_ENDED');
  });

  test('has not ended if the end is aborted', async () => {
    await store.startSync({ syncId: SYNC });
    const signal = AbortSignal.abort();
    expect(await codeOf(() => store.endSync(SYNC, { signal }))).toBe('SSTITCH_ABORTED');
    expect(await readableKeys(engine)).toEqual(['sync_run']);
    await store.endSync(SYNC);
  });

  test('is counted after pending puts', async () => {
    await store.startSync({ syncId: SYNC });
    const [, { stats }] = await Promise.all([store.put(SYNC, grant('late')), store.endSync(SYNC)]);
    expect(stats.grants).toBe(1n);
  });

  test('is listed with the other runs of its store', async () => {
    await store.startSync({ syncId: OTHER_SYNC });
    await store.startSync({ syncId: SYNC });
    const runs = await collect(store.listSyncRuns());
    expect(runs.map((run) => run.syncId)).toEqual([SYNC, OTHER_SYNC]);
    const [first] = runs;
    const rest = await collect(store.listSyncRuns(first && { after: first }));
    expect(rest.map((run) => run.syncId)).toEqual([OTHER_SYNC]);
    const last = await collect(store.listSyncRuns({ reverse: true, limit: 1 }));
    expect(last.map((run) => run.syncId)).toEqual([OTHER_SYNC]);
    expect(await store.deleteSyncRun(SYNC)).toBe(true);
    expect(await collect(store.listSyncRuns())).toHaveLength(1);
  });
});

describe('the count of a sync', () => {
  test('is the same whether it comes from entries or from records', async () => {
    const counter = new SyncCounter();
    for (const record of records) counter.add(record);
    await store.putMany(SYNC, records);
    await store.put(OTHER_SYNC, resourceType('other', OTHER_SYNC));
    expect(await countSync(engine, SYNC, { writtenAt: END })).toEqual(counter.toRecord(SYNC, END));
  });

  test('handles types with names that objects treat specially', async () => {
    await store.putMany(SYNC, [resource('__proto__:a'), resource('constructor:a')]);
    const { resourcesByResourceType } = await countSync(engine, SYNC);
    expect(Object.entries(resourcesByResourceType)).toEqual([
      ['__proto__', 1n],
      ['constructor', 1n],
    ]);
  });
});
