import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ReadWriteEngine } from '@sstitch/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../test/level-engine.js';
import { codeOf, collect, grant } from '../../test/records.js';
import { SyncRunRecordSchema, SyncType } from '../gen/c1/storage/v3/records_pb.js';
import { SyncStore } from '../store/sync-store.js';

let engine: ReadWriteEngine;
let store: SyncStore;
let now: number;

beforeEach(async () => {
  engine = await openEngine();
  now = Date.UTC(2026, 0, 1);
  store = new SyncStore(engine, { now: () => new Date(now) });
});

const DAY_MS = 24 * 60 * 60 * 1000;
const idOf = (last: string) => `36zfOAoWMxQdISbixanQCRBiX7${last}`;
/** Minutes after the start of the test. */
const at = (minutes: number) => timestampFromDate(new Date(now + minutes * 60_000));

async function run(last: string, startedAt: number, endedAt?: number, type = SyncType.FULL) {
  const record = create(SyncRunRecordSchema, {
    syncId: idOf(last),
    type,
    startedAt: at(startedAt),
    ...(endedAt !== undefined && { endedAt: at(endedAt) }),
  });
  await store.put(record.syncId, record);
  return record;
}

async function lastsOf(runs: AsyncIterable<{ readonly syncId: string }>): Promise<string> {
  return (await collect(runs)).map(({ syncId }) => syncId.at(-1)).join('');
}

describe('the history of syncs', () => {
  test('is in the order of time, whatever the order of ids, and can be filtered', async () => {
    // C was imported under the id of an earlier run.
    await run('A', 10, 20);
    await run('B', 30);
    await run('C', 50, 60, SyncType.PARTIAL);
    await run('D', 30, 35);
    expect(await lastsOf(store.listNewestSyncRuns())).toBe('CDBA');
    expect(await lastsOf(store.listNewestSyncRuns({ limit: 2 }))).toBe('CD');
    expect(await lastsOf(store.listNewestSyncRuns({ finished: true }))).toBe('CDA');
    expect(await lastsOf(store.listNewestSyncRuns({ finished: false }))).toBe('B');
    expect(await lastsOf(store.listNewestSyncRuns({ type: SyncType.FULL }))).toBe('DBA');
  });

  test('of more syncs than one read returns is complete and in order', async () => {
    const started: string[] = [];
    for (let count = 0; count < 300; count++) {
      now += 1;
      started.unshift((await store.startSync()).syncId);
    }
    const found = (await collect(store.listNewestSyncRuns())).map(({ syncId }) => syncId);
    expect(found).toEqual(started);
  });

  test('of a snapshot shows its state, and stops when the signal fires', async () => {
    await run('A', 10, 20);
    const snapshot = engine.snapshot();
    await run('B', 30, 40);
    expect(await lastsOf(store.listNewestSyncRuns({ snapshot }))).toBe('A');
    expect(await store.latestFinishedSync({ snapshot })).toMatchObject({ syncId: idOf('A') });
    await snapshot.close();
    const signal = AbortSignal.abort();
    for (const read of [
      () => collect(store.listNewestSyncRuns({ signal })),
      () => store.latestFinishedSync({ signal }),
    ]) {
      expect(await codeOf(read)).toBe('SSTITCH_ABORTED');
    }
    expect(await codeOf(() => collect(store.listNewestSyncRuns({ limit: -1 })))).toBe(
      'SSTITCH_OPTION_INVALID',
    );
  });

  test('has a latest finished sync, by default the full one that ended last', async () => {
    expect(await store.latestFinishedSync()).toBeUndefined();
    await run('A', 10, 90);
    await run('B', 30, 40);
    await run('C', 50, 60, SyncType.PARTIAL);
    await run('D', 70);
    expect((await store.latestFinishedSync())?.syncId).toBe(idOf('A'));
    const partial = await store.latestFinishedSync({ type: SyncType.PARTIAL });
    expect(partial?.syncId).toBe(idOf('C'));
    await run('B', 30, 90);
    expect((await store.latestFinishedSync())?.syncId).toBe(idOf('B'));
  });
});

describe('resuming', () => {
  test('returns the unfinished sync that started last, with its saved token', async () => {
    expect(await store.resumeSync()).toBeUndefined();
    const { syncId } = await store.startSync({ linkedSyncId: idOf('L'), compacted: true });
    await store.put(syncId, grant('g', { syncId }));
    await store.saveSyncToken(syncId, 'page 7');
    const resumed = await new SyncStore(engine, { now: () => new Date(now) }).resumeSync();
    expect(resumed).toMatchObject({
      ...{ syncId, syncToken: 'page 7', linkedSyncId: idOf('L'), compacted: true },
    });
    const { stats, run: ended } = await store.endSync(syncId, {
      measures: { stepDurationsMs: { grants: 5n } },
      ingestInvariants: { generation: '3', coverage: ['I1', 'I5'], mode: 'connector' },
    });
    expect(stats).toMatchObject({ grants: 1n, stepDurationsMs: { grants: 5n } });
    expect(ended).toMatchObject({
      syncToken: 'page 7',
      ingestInvariantGeneration: '3',
      ingestInvariantCoverage: ['I1', 'I5'],
      ingestInvariantMode: 'connector',
    });
    expect(await store.resumeSync()).toBeUndefined();
  });

  test('returns only a sync of the given type, and none older than a week', async () => {
    await run('A', 0, undefined, SyncType.PARTIAL);
    await run('B', 5);
    expect((await store.resumeSync())?.syncId).toBe(idOf('B'));
    expect((await store.resumeSync({ type: SyncType.PARTIAL }))?.syncId).toBe(idOf('A'));
    now += 7 * DAY_MS;
    expect((await store.resumeSync())?.syncId).toBe(idOf('B'));
    now += DAY_MS;
    expect(await store.resumeSync()).toBeUndefined();
    expect((await store.resumeSync({ maxAgeMs: 9 * DAY_MS }))?.syncId).toBe(idOf('B'));
    expect((await store.latestUnfinishedSync())?.syncId).toBe(idOf('B'));
  });

  test('resumes a named sync, however old, and says why if it cannot', async () => {
    await run('A', 0);
    now += 100 * DAY_MS;
    expect(await store.resumeSync({ syncId: idOf('A') })).toMatchObject({ syncId: idOf('A') });
    const full = { syncId: idOf('A'), type: SyncType.FULL };
    expect(await store.resumeSync(full)).toMatchObject({ syncId: idOf('A') });
    const partial = () => store.resumeSync({ ...full, type: SyncType.PARTIAL });
    expect(await codeOf(partial)).toBe('SSTITCH_SYNC_NOT_FOUND');
    await store.endSync(idOf('A'));
    for (const resume of [
      () => store.resumeSync({ syncId: idOf('A') }),
      () => store.saveSyncToken(idOf('A'), 'x'),
    ]) {
      expect(await codeOf(resume)).toBe('SSTITCH_SYNC_ENDED');
    }
    for (const missing of [
      () => store.resumeSync({ syncId: idOf('B') }),
      () => store.saveSyncToken(idOf('B'), 'x'),
      () => store.recountSync(idOf('B')),
    ]) {
      expect(await codeOf(missing)).toBe('SSTITCH_SYNC_NOT_FOUND');
    }
    expect(await codeOf(() => store.resumeSync({ maxAgeMs: -1 }))).toBe('SSTITCH_OPTION_INVALID');
  });
});
