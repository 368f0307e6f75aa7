import { isDeepStrictEqual } from 'node:util';
import type { ReadWriteEngine } from '@sstitch/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import { openEngine, replaceSync } from '../../test/level-engine.js';
import { type Gap, LIST_CASES, type ListCase, modelPage } from '../../test/list-model.js';
import { codeOf, collect, grant, OTHER_SYNC, resource, SYNC } from '../../test/records.js';
import type { GrantRecord } from '../gen/c1/storage/v3/records_pb.js';
import type { SyncRecord } from '../record-types.js';
import { SyncStore } from '../store/sync-store.js';
import type { RecordPage } from './record-list.js';

let engine: ReadWriteEngine;
let store: SyncStore;

beforeEach(async () => {
  engine = await openEngine();
  store = new SyncStore(engine);
});

const idsOf = (page: RecordPage<GrantRecord>) => page.records.map(({ externalId }) => externalId);
const grants = (...ids: string[]) => ids.map((id) => grant(id));

describe('pages', () => {
  test('lead through a list to its end and back', async () => {
    await store.putMany(SYNC, grants('a', 'b', 'c', 'd', 'e'));
    const first = await store.listGrants(SYNC).page({ limit: 2 });
    expect(idsOf(first)).toEqual(['a', 'b']);
    expect(first.previous).toBeUndefined();
    const second = await store.listGrants(SYNC).page({ limit: 2, cursor: cursorOf(first.next) });
    const third = await store.listGrants(SYNC).page({ limit: 2, cursor: cursorOf(second.next) });
    expect([idsOf(second), idsOf(third)]).toEqual([['c', 'd'], ['e']]);
    expect(third.next).toBeUndefined();
    const back = await store.listGrants(SYNC).page({ limit: 3, cursor: cursorOf(third.previous) });
    expect(idsOf(back)).toEqual(['b', 'c', 'd']);
    const start = await store.listGrants(SYNC).page({ limit: 3, cursor: cursorOf(back.previous) });
    expect(idsOf(start)).toEqual(['a']);
    expect(start.previous).toBeUndefined();
    expect(idsOf(await store.listGrants(SYNC).page({ cursor: cursorOf(start.next) }))).toEqual([
      ...['b', 'c', 'd', 'e'],
    ]);
  });

  test('default to the limit of their list, and start after its record', async () => {
    await store.putMany(SYNC, grants('a', 'b', 'c', 'd'));
    const list = store.listGrants(SYNC, { limit: 2, after: grant('a') });
    const page = await list.page();
    expect(idsOf(page)).toEqual(['b', 'c']);
    expect(idsOf(await list.page({ cursor: cursorOf(page.previous) }))).toEqual(['a']);
    const many = Array.from({ length: 101 }, (_, at) => grant(`m${at}`));
    await store.putMany(SYNC, many);
    expect((await store.listGrants(SYNC).page()).records).toHaveLength(100);
  });

  test('accept any limit, however large', async () => {
    await store.putMany(SYNC, grants('a', 'b'));
    for (const limit of [2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(idsOf(await store.listGrants(SYNC).page({ limit }))).toEqual(['a', 'b']);
      expect(await collect(store.listGrants(SYNC, { limit }))).toHaveLength(2);
    }
  });

  test('of an entitlement whose id has 70,000 bytes lead on', async () => {
    const entitlement = { entitlementId: 'e'.repeat(70_000) };
    await store.putMany(SYNC, [grant('a', { entitlement }), grant('b', { entitlement })]);
    const list = () => store.listGrantsByEntitlement(SYNC, entitlement.entitlementId, { limit: 1 });
    const { next } = await list().page();
    expect(idsOf(await list().page({ cursor: cursorOf(next) }))).toEqual(['b']);
  });

  test('can be continued by another process with only a cursor', async () => {
    await store.putMany(SYNC, grants('a', 'b', 'c'));
    const { next } = await store.listGrants(SYNC, { reverse: true }).page({ limit: 1 });
    const later = new SyncStore(engine).listGrants(SYNC, { reverse: true });
    expect(idsOf(await later.page({ cursor: cursorOf(next) }))).toEqual(['b', 'a']);
  });

  test('continue at the same key, whatever was put and deleted around the cursor', async () => {
    await store.putMany(SYNC, grants('b', 'd', 'f'));
    const { next } = await store.listGrants(SYNC).page({ limit: 1 });
    await store.deleteGrant(SYNC, 'b');
    await store.putMany(SYNC, grants('a', 'c', 'e'));
    const page = await store.listGrants(SYNC).page({ limit: 2, cursor: cursorOf(next) });
    expect(idsOf(page)).toEqual(['c', 'd']);
    const before = await store.listGrants(SYNC).page({ cursor: cursorOf(page.previous) });
    expect(idsOf(before)).toEqual(['a']);
  });

  test('that have become empty lead back to the record at their cursor', async () => {
    await store.putMany(SYNC, grants('a', 'b', 'c'));
    const list = store.listGrants(SYNC);
    const { next } = await list.page({ limit: 2 });
    await store.deleteGrant(SYNC, 'c');
    const empty = await list.page({ cursor: cursorOf(next) });
    expect([empty.records, empty.next]).toEqual([[], undefined]);
    expect(idsOf(await list.page({ cursor: cursorOf(empty.previous) }))).toEqual(['a', 'b']);
    await store.deleteGrant(SYNC, 'a');
    await store.deleteGrant(SYNC, 'b');
    const last = await list.page({ cursor: cursorOf(empty.previous) });
    expect(last).toEqual({ records: [], next: undefined, previous: undefined });
  });

  test('of a snapshot show one state from the first to the last', async () => {
    await store.putMany(SYNC, grants('a', 'b'));
    const snapshot = engine.snapshot();
    const { next } = await store.listGrants(SYNC, { snapshot }).page({ limit: 1 });
    await replaceSync(engine, SYNC, grants('z'));
    const page = await store.listGrants(SYNC, { snapshot }).page({ cursor: cursorOf(next) });
    expect(idsOf(page)).toEqual(['b']);
    expect(idsOf(await store.listGrants(SYNC).page({ cursor: cursorOf(next) }))).toEqual(['z']);
    await snapshot.close();
  });

  test('show a sync as it is before or after a replacement, never a mix', async () => {
    const revision = (of: number) =>
      Array.from({ length: 40 }, (_, at) =>
        grant(`g${String((at * 7 + of * 3) % 61).padStart(2, '0')}`, {
          sourceScopeKey: `revision ${of}`,
          needsExpansion: at % 3 === of,
        }),
      );
    const revisions = [revision(0), revision(1)];
    await replaceSync(engine, SYNC, revision(0));
    const seen = new Set<string>();
    let stopped = false;
    const replacing = (async () => {
      for (let at = 1; !stopped; at++) await replaceSync(engine, SYNC, revisions[at % 2] ?? []);
    })();
    const walk = async (list: ListCase, reverse: boolean) => {
      let cursor: string | undefined;
      let gap: Gap | undefined;
      do {
        const options = { limit: 7, ...(cursor !== undefined && { cursor }) };
        const page = await list.list(store, { reverse }).page(options);
        const marks = marksOf(page.records);
        const found = revisions
          .map((all) => modelPage(list, all, reverse, gap, 7))
          .find(({ records }) => isDeepStrictEqual(marksOf(records), marks));
        if (found === undefined) throw new Error(`of no revision: ${marks.join(', ')}`);
        for (const mark of marks) seen.add(mark.slice(mark.indexOf(' of ')));
        cursor = page.next;
        gap = found.next;
        expect(gap === undefined).toBe(cursor === undefined);
      } while (cursor !== undefined);
    };
    try {
      for (let round = 0; round < 5 || seen.size < 2; round++) {
        for (const list of LIST_CASES.filter(({ name }) => name.startsWith('grants'))) {
          await walk(list, round % 2 === 0);
        }
      }
    } finally {
      stopped = true;
      await replacing;
    }
  });
});

describe('a cursor is refused', () => {
  const refused = async (cursor: unknown) => {
    const page = () => store.listGrants(SYNC).page({ cursor: cursor as string });
    return codeOf(page);
  };

  test('in a list of another sync, bucket, index, prefix or order', async () => {
    await store.putMany(SYNC, grants('a', 'b'));
    await store.putMany(SYNC, [resource('user:a'), resource('user:b')]);
    const { next } = await store.listGrants(SYNC).page({ limit: 1 });
    const cursor = cursorOf(next);
    const ann = { resourceTypeId: 'user', resourceId: 'ann' };
    const bob = { resourceTypeId: 'user', resourceId: 'bob' };
    const { next: ofAnn } = await store.listGrantsByPrincipal(SYNC, ann).page({ limit: 1 });
    const { next: ofAll } = await store.listResources(SYNC).page({ limit: 1 });
    for (const page of [
      () => store.listGrants(OTHER_SYNC).page({ cursor }),
      () => store.listGrants(SYNC, { reverse: true }).page({ cursor }),
      () => store.listResources(SYNC).page({ cursor }),
      () => store.listGrantsNeedingExpansion(SYNC).page({ cursor }),
      () => store.listGrantsByPrincipal(SYNC, bob).page({ cursor: cursorOf(ofAnn) }),
      () => store.listResources(SYNC, { resourceTypeId: 'user' }).page({ cursor: cursorOf(ofAll) }),
    ]) {
      expect(await codeOf(page)).toBe('SSTITCH_CURSOR_INVALID');
    }
  });

  test('if it is not one, or if any character is damaged', async () => {
    await store.putMany(SYNC, grants('a', 'b'));
    const cursor = cursorOf((await store.listGrants(SYNC).page({ limit: 1 })).next);
    for (const one of ['', 'x', 'no cursor', null, 5, {}, `${cursor}A`, cursor.slice(0, -1)]) {
      expect(await refused(one)).toBe('SSTITCH_CURSOR_INVALID');
    }
    for (let at = 0; at < cursor.length; at++) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      const damaged = cursor.slice(0, at) + other + cursor.slice(at + 1);
      expect(await refused(damaged)).toBe('SSTITCH_CURSOR_INVALID');
    }
    expect(await refused(cursor)).toBeUndefined();
  });

  test.each([0, -1, 1.5, Number.NaN])('with a limit of %s', async (limit) => {
    const page = () => store.listGrants(SYNC).page({ limit });
    expect(await codeOf(page)).toBe('SSTITCH_OPTION_INVALID');
  });
});

describe('a count', () => {
  test('of records comes from the statistics once the sync has ended', async () => {
    await store.startSync({ syncId: SYNC });
    await store.putMany(SYNC, [resource('user:ann'), resource('user:bob'), resource('group:it')]);
    const users = store.listResources(SYNC, { resourceTypeId: 'user' });
    expect(await users.count()).toBe(2);
    await store.endSync(SYNC);
    // Wrong statistics show that no list is read.
    const stats = await store.getSyncStats(SYNC);
    if (stats === undefined) throw new Error('no statistics');
    await store.put(SYNC, { ...stats, resources: 7n, resourcesByResourceType: { user: 5n } });
    expect(await users.count()).toBe(5);
    expect(await store.count(SYNC, 'resource')).toBe(7);
    expect(await store.listResources(SYNC, { resourceTypeId: 'toString' }).count()).toBe(0);
    expect(await store.recountSync(SYNC)).toMatchObject({ resources: 3n });
    expect(await store.listResources(SYNC, { limit: 1, after: resource('user:bob') }).count()).toBe(
      3,
    );
  });

  test('stops once its signal has fired', async () => {
    await store.putMany(SYNC, grants('a', 'b'));
    const signal = AbortSignal.abort(new Error('enough'));
    for (const count of [
      () => store.count(SYNC, 'grant_by_principal', { signal }),
      () => store.count(SYNC, 'grant', { signal }),
      () => store.listGrants(SYNC, { signal }).page(),
    ]) {
      await expect(count()).rejects.toMatchObject({
        name: 'AbortError',
        code: 'SSTITCH_ABORTED',
        cause: signal.reason,
      });
    }
  });
});

function cursorOf(cursor: string | undefined): string {
  if (cursor === undefined) throw new Error('the page has no cursor on this side');
  return cursor;
}

/** What distinguishes the grants of a page from those of another revision. */
function marksOf(records: readonly SyncRecord[]): string[] {
  return records.map((record) => {
    if (record.$typeName !== 'c1.storage.v3.GrantRecord') throw new Error('not a grant');
    return `${record.externalId} of ${record.sourceScopeKey}`;
  });
}
