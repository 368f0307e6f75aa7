// Expansions in a store that change more than one batch holds: one commit, or no change.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { createC1z, openC1z } from '@sstitch/c1z';
import { type SnapshotOptions, spansContain } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { grantKey, parseSyncId, syncSpans } from '@sstitch/keys';
import {
  digestSync,
  encodeRecord,
  replacedVersionOf,
  replacedVersionToken,
  SyncReader,
  SyncRunRecordSchema,
  SyncStore,
  verifyIndexes,
} from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  grant,
  member,
  memberships,
  nested,
  SYNC,
  user,
  writeSync,
} from '../../test/access-records.js';
import { expandSync } from './expand-sync.js';
import { ExpandedSync } from './expanded-sync.js';
import type { ExpansionProgress, ExpansionStep } from './expansion-steps.js';

const USERS = 1200;
const OTHER = '36zM46KKuaBq0wjSSvKh5o0350y';
const THIRD = '36zGvJw3uxU1QMJKU2yPVQ1hBOC';

/** The arguments of a commit of tables, which may depend on a snapshot. */
type Commit = [
  Parameters<Store['ingestAndExcise']>[0],
  Parameters<Store['ingestAndExcise']>[1] & { readonly ifUnchanged?: unknown },
];

let directory: string;
let store: Store<Uint8Array, Uint8Array>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-access-'));
  store = new Store(join(directory, 'store'), { keyEncoding: 'view', valueEncoding: 'view' });
  await store.open();
  const users = Array.from({ length: USERS }, (_, number) => user(`u${number}`));
  const records = [
    ...[member('a'), member('b'), member('c'), nested('b', 'a'), nested('c', 'b')],
    ...users.map((principal) => grant('a', principal)),
    ...users.filter((_, at) => at % 2 === 0).map((principal) => grant('c', principal)),
  ];
  await writeSync(store, records);
  await writeSync(
    store,
    records.map((record) => ({ ...record, syncId: OTHER })),
    OTHER,
  );
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

async function digests(): Promise<string[]> {
  return Promise.all([SYNC, OTHER].map(async (id) => (await digestSync(store, id)).digest));
}

/** Makes the sync a version that was kept, and returns its own run and that of the version. */
async function asKeptVersion() {
  const reader = new SyncReader(store);
  const own = (await reader.getSyncRun(SYNC)) ?? expect.fail('no run');
  const syncToken = replacedVersionToken(new Date(0), encodeRecord(own));
  const kept = create(SyncRunRecordSchema, { syncId: SYNC, linkedSyncId: OTHER, syncToken });
  await new SyncStore(store).put(SYNC, kept);
  return { reader, own, kept };
}

describe('expandSync on a store', () => {
  it('replaces the sync in one commit, with exact indexes and statistics, and no other sync', async () => {
    const [, other] = await digests();
    const { generation } = await store.metrics();
    const report = await expandSync(store, SYNC);
    expect(report).toMatchObject({ created: USERS * 1.5 + 1, updated: USERS / 2 });
    expect((await store.metrics()).generation).toBe(generation + 1);
    for await (const problem of verifyIndexes(store, SYNC)) expect.fail(JSON.stringify(problem));
    expect((await digests())[1]).toBe(other);
    expect(await new SyncReader(store).getSyncStats(SYNC)).toMatchObject({
      grants: BigInt(USERS * 3 + 3),
    });
    const expanded = await digests();
    expect(await expandSync(store, SYNC)).toMatchObject({ created: 0, updated: 0 });
    expect(await digests()).toEqual(expanded);
  });

  it.each([
    ['one pass', {}],
    ['several passes', { maxHeldGrants: USERS / 4 }],
  ])('reports each step up to its end, in %s', async (_, options) => {
    const done = new Map<ExpansionStep, number>();
    const totals = new Map<ExpansionStep, number>();
    const onProgress = (progress: ExpansionProgress) => {
      expect(progress.done).toBeGreaterThanOrEqual(done.get(progress.step) ?? 0);
      expect(progress.done).toBeLessThanOrEqual(progress.total);
      done.set(progress.step, progress.done);
      totals.set(progress.step, progress.total);
    };
    await expandSync(store, SYNC, { ...options, onProgress });
    expect([...done.keys()].at(0)).toBe('holdings');
    expect([...done.keys()].slice(-2)).toEqual(['writing', 'commit']);
    for (const step of ['holdings', 'writing'] as const) {
      expect(done.get(step)).toBe(totals.get(step));
    }
    const { resourceTypes, resources, entitlements, grants, assets } =
      (await new SyncReader(store).getSyncStats(SYNC)) ?? expect.fail('no statistics');
    const records = resourceTypes + resources + entitlements + grants + assets;
    expect(done.get('writing')).toBe(Number(records));
  });

  it('replaces a sync of another id only with the option replace', async () => {
    const [, other] = await digests();
    const toOther = expandSync(store, SYNC, { as: OTHER });
    await expect(toOther).rejects.toMatchObject({
      code: 'SSTITCH_SYNC_EXISTS',
      message: `sync ${OTHER} already exists`,
    });
    expect((await digests())[1]).toBe(other);
    await expandSync(store, SYNC, { as: OTHER, replace: true });
    expect((await digests())[1]).not.toBe(other);
    // Under its own id, an expansion may replace what the store holds.
    expect(await expandSync(store, SYNC, { as: SYNC })).toMatchObject({ principals: USERS + 2 });
  });

  it('makes an ordinary sync of a kept version under another id', async () => {
    const { reader, own, kept } = await asKeptVersion();
    await expandSync(store, SYNC, { as: THIRD });
    expect(await reader.getSyncRun(THIRD)).toEqual({ ...own, syncId: THIRD, supportsDiff: true });
    expect(await reader.getSyncRun(SYNC)).toEqual(kept);
  });

  it('sets supports_diff in the own run of a kept version, which a rollback restores', async () => {
    const { reader, own, kept } = await asKeptVersion();
    const expanded = async () => {
      const report = await expandSync(store, SYNC);
      const run = (await reader.getSyncRun(SYNC)) ?? expect.fail('no run');
      expect(replacedVersionOf(run)?.run).toEqual({ ...own, supportsDiff: true });
      return report.created;
    };
    // By a commit of tables, and without any change of a grant by a batch.
    expect(await expanded()).toBeGreaterThan(500);
    await new SyncStore(store).put(SYNC, { ...kept, supportsDiff: true });
    expect(await expanded()).toBe(0);
  });

  it('loses no record that is put while it runs', async () => {
    const writer = new SyncStore(store);
    const late: Array<Promise<void>> = [];
    const putLate = () => {
      const { length } = late;
      if (length < 5) late.push(writer.put(SYNC, grant('a', user(`late${length}`))));
    };
    await expandSync(store, SYNC, { onProgress: putLate });
    await Promise.all(late);
    expect(late).toHaveLength(5);
    for (const number of late.keys()) {
      expect(await writer.getGrant(SYNC, `a:user:late${number}`)).toBeDefined();
    }
    for await (const problem of verifyIndexes(store, SYNC)) expect.fail(JSON.stringify(problem));
    expect(await expandSync(store, SYNC)).toMatchObject({ created: 10, updated: 0 });
  });

  it('writes to a file what it writes to the store', async () => {
    const now = () => new Date('2026-01-02T03:04:05Z');
    const file = join(directory, 'expanded.c1z');
    const source = new ExpandedSync(store, SYNC, { now });
    const sink = await createC1z(file);
    for await (const batch of source.batches()) await sink.add(batch);
    await sink.finish();
    await sink.close();
    expect(source.report).toEqual(await expandSync(store, SYNC, { now }));
    const written = new ModelEngine();
    const c1z = await openC1z(file);
    for await (const { syncId, records } of c1z.batches()) {
      await new SyncStore(written).putMany(syncId, records);
    }
    await c1z.close();
    expect(await memberships(written)).toEqual(await memberships(store));
    expect(await new SyncReader(written).getSyncStats(SYNC)).toEqual(
      await new SyncReader(store).getSyncStats(SYNC),
    );
  });

  it('leaves the store unchanged if it is aborted', async () => {
    const before = await digests();
    for (let events = 1; events <= 12; events += 3) {
      const controller = new AbortController();
      const reason = new Error('enough');
      let left = events;
      const expansion = expandSync(store, SYNC, {
        signal: controller.signal,
        onProgress: () => {
          left -= 1;
          if (left === 0) controller.abort(reason);
        },
      });
      await expect(expansion).rejects.toMatchObject({
        name: 'AbortError',
        cause: reason,
      });
      expect(await digests()).toEqual(before);
    }
  });

  it('leaves the store unchanged if a derived grant would get the id of another grant', async () => {
    await writeSync(
      store,
      [
        ...[member('a'), member('b'), nested('b', 'a'), grant('a', user('x'), { id: 'b:user:y' })],
        ...Array.from({ length: USERS }, (_, number) => grant('a', user(`u${number}`))),
        grant('a', user('y')),
      ].map((record) => ({ ...record, syncId: THIRD })),
      THIRD,
    );
    const { digest } = await digestSync(store, THIRD);
    await expect(expandSync(store, THIRD)).rejects.toMatchObject({
      code: 'SSTITCH_GRANT_ID_TAKEN',
      message: expect.stringContaining('grant "b:user:y"'),
      cause: { code: 'SSTITCH_RECORD_REPEATED' },
    });
    expect((await digestSync(store, THIRD)).digest).toBe(digest);
  });

  it('makes one commit of few changes, however long the ids in their index entries are', async () => {
    const principals = Array.from({ length: 400 }, (_, at) => user(`${at}${'u'.repeat(1500)}`));
    const records = [
      ...[member('a'), member('b'), nested('b', 'a')],
      ...principals.map((principal) => grant('a', principal, { id: principal.resourceId })),
    ];
    await writeSync(
      store,
      records.map((record) => ({ ...record, syncId: THIRD })),
      THIRD,
    );
    let commits = 0;
    const counted = new Proxy(store, {
      get: (_, name) => {
        if (name === 'batch' || name === 'ingestAndExcise') commits += 1;
        const value = Reflect.get(store, name, store);
        return typeof value === 'function' ? value.bind(store) : value;
      },
    });
    expect(await expandSync(counted, THIRD)).toMatchObject({ created: 400 });
    expect(commits).toBe(1);
  });

  it('depends on the id that it must find free, and on no other that it replaces', async () => {
    const watched: SnapshotOptions[] = [];
    const shared = new Proxy(store, {
      get: (_, name) => {
        if (name === 'capabilities') return { ...store.capabilities, conditions: true };
        if (name === 'snapshot') {
          return (options: SnapshotOptions = {}) => {
            watched.push(options);
            return store.snapshot();
          };
        }
        const value = Reflect.get(store, name, store);
        return typeof value === 'function' ? value.bind(store) : value;
      },
    });
    const dependsOn = (syncId: string) =>
      syncSpans(syncId).every(({ span }) => spansContain(watched[0]?.watch ?? [], span.start));
    await expandSync(shared, SYNC, { as: THIRD });
    expect([dependsOn(SYNC), dependsOn(THIRD)]).toEqual([true, true]);
    watched.length = 0;
    await expandSync(shared, SYNC, { as: THIRD, replace: true });
    expect([dependsOn(SYNC), dependsOn(THIRD)]).toEqual([true, false]);
  });

  it('starts again if another process wrote to the sync before its commit', async () => {
    const given: unknown[] = [];
    const made: unknown[] = [];
    const late = grant('c', user('late'));
    const shared = new Proxy(store, {
      get: (_, name) => {
        if (name === 'capabilities') return { ...store.capabilities, conditions: true };
        if (name === 'snapshot') {
          return (options?: SnapshotOptions) => {
            const snapshot = store.snapshot();
            if (options?.watch !== undefined) made.push(snapshot);
            return snapshot;
          };
        }
        if (name === 'ingestAndExcise') {
          return async (...[tables, { ifUnchanged, ...options }]: Commit) => {
            given.push(ifUnchanged);
            if (given.length > 1) return store.ingestAndExcise(tables, options);
            await store.put(grantKey(parseSyncId(SYNC), 'late'), encodeRecord(late));
            throw Object.assign(new Error('conflict'), { code: 'SSTITCH_COMMIT_CONFLICT' });
          };
        }
        const value = Reflect.get(store, name, store);
        return typeof value === 'function' ? value.bind(store) : value;
      },
    });
    await expandSync(shared, SYNC);
    expect(given).toEqual(made);
    expect(given).toHaveLength(2);
    expect(await new SyncReader(store).getSyncStats(SYNC)).toMatchObject({
      grants: BigInt(USERS * 3 + 4),
    });
  });
});
