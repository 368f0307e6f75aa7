import { byteEncodings, type ReadWriteEngine } from '@sstitch/contract';
import { grantKey, parseSyncId } from '@sstitch/keys';
import { beforeEach, describe, expect, test } from 'vitest';
import { openEngine, openingEngine } from '../../test/level-engine.js';
import {
  codeOf,
  collect,
  entitlement,
  grant,
  OTHER_SYNC,
  resource,
  resourceType,
  SYNC,
} from '../../test/records.js';
import type { GrantRecord } from '../gen/c1/storage/v3/records_pb.js';
import { SyncStore } from '../store/sync-store.js';
import type { RecordList } from './record-list.js';

let engine: ReadWriteEngine;
let store: SyncStore;

beforeEach(async () => {
  engine = await openEngine();
  store = new SyncStore(engine);
  await store.putMany(OTHER_SYNC, [
    grant('foreign', { syncId: OTHER_SYNC, needsExpansion: true }),
    resource('user:foreign', 'org:acme', OTHER_SYNC),
  ]);
});

const to = (resourceTypeId: string, resourceId: string) => ({
  principal: { resourceTypeId, resourceId },
});

describe('a list', () => {
  test('returns the records of one sync in the order of their ids', async () => {
    await store.putMany(SYNC, [resource('user:b'), resource('group:z'), resource('user:a')]);
    const names = (await collect(store.listResources(SYNC))).map(
      (record) => `${record.resourceTypeId}:${record.resourceId}`,
    );
    expect(names).toEqual(['group:z', 'user:a', 'user:b']);
    const users = await collect(store.listResources(SYNC, { resourceTypeId: 'user' }));
    expect(users.map((record) => record.resourceId)).toEqual(['a', 'b']);
    expect(await collect(store.listResources(SYNC, { resourceTypeId: 'use' }))).toEqual([]);
    await store.putMany(SYNC, [resourceType('user'), entitlement('e')]);
    expect(await collect(store.listResourceTypes(SYNC))).toHaveLength(1);
    expect(await collect(store.listEntitlements(SYNC))).toHaveLength(1);
    expect(await collect(store.listAssets(SYNC))).toEqual([]);
  });

  test('by an index returns the records that the index lists', async () => {
    await store.putMany(SYNC, [
      resource('user:ann', 'org:acme'),
      resource('user:bob', 'org:acme2'),
      entitlement('e1', 'group:staff'),
      entitlement('e2', 'group:staff2'),
      grant('g1', to('user', 'ann')),
      grant('g2', { ...to('group', 'it'), needsExpansion: true }),
      grant('g3', { ...to('user', 'bob'), entitlement: { entitlementId: 'other' } }),
    ]);
    const acme = { resourceTypeId: 'org', resourceId: 'acme' };
    const children = await collect(store.listResourcesByParent(SYNC, acme));
    expect(children.map((record) => record.resourceId)).toEqual(['ann']);
    const staff = { resourceTypeId: 'group', resourceId: 'staff' };
    const onStaff = await collect(store.listEntitlementsByResource(SYNC, staff));
    expect(onStaff.map((record) => record.externalId)).toEqual(['e1']);

    expect(await ids(store.listGrantsByEntitlement(SYNC, 'staff:member'))).toEqual(['g2', 'g1']);
    const ann = to('user', 'ann');
    expect(await ids(store.listGrantsByEntitlement(SYNC, 'staff:member', ann))).toEqual(['g1']);
    expect(await ids(store.listGrantsByPrincipal(SYNC, ann.principal))).toEqual(['g1']);
    expect(await ids(store.listGrantsByPrincipalResourceType(SYNC, 'user'))).toEqual(['g1', 'g3']);
    expect(await ids(store.listGrantsNeedingExpansion(SYNC))).toEqual(['g2']);
  });

  const orders = {
    'of their own keys': (options) => store.listGrants(SYNC, options),
    'of an index': (options) => store.listGrantsByEntitlement(SYNC, 'staff:member', options),
  } satisfies Record<
    string,
    (options: Parameters<SyncStore['listGrants']>[1]) => RecordList<GrantRecord>
  >;

  test.each(Object.entries(orders))(
    'in the order %s is complete, page by page, in both directions',
    async (_, list) => {
      const all = Array.from({ length: 700 }, (__, at) => `g${String(at).padStart(4, '0')}`);
      await store.putMany(
        SYNC,
        all.map((id) => grant(id, to('user', id))),
      );
      expect(await ids(list({}))).toEqual(all);
      expect(await ids(list({ reverse: true }))).toEqual(all.toReversed());
      expect(await ids(list({ limit: 0 }))).toEqual([]);
      for (const reverse of [false, true]) {
        const pages: string[] = [];
        let after: GrantRecord | undefined;
        for (;;) {
          const page = await collect(list({ limit: 300, reverse, ...(after && { after }) }));
          if (page.length === 0) break;
          pages.push(...page.map((record) => record.externalId));
          after = page.at(-1);
        }
        expect(pages).toEqual(reverse ? all.toReversed() : all);
      }
    },
  );

  test.each(Object.entries(orders))(
    'in the order %s shows one state while records change',
    async (_, list) => {
      await store.putMany(SYNC, [grant('g1'), grant('g2')]);
      const running = list({});
      expect((await running.next()).value).toMatchObject({ externalId: 'g1' });
      await store.deleteGrant(SYNC, 'g2');
      expect(await ids(running)).toEqual(['g2']);
      expect(await ids(list({}))).toEqual(['g1']);
    },
  );

  test('of a given snapshot shows its state, and leaves it open', async () => {
    await store.put(SYNC, grant('g1'));
    const snapshot = engine.snapshot();
    await store.deleteGrant(SYNC, 'g1');
    expect(await ids(store.listGrants(SYNC, { snapshot }))).toEqual(['g1']);
    expect(await ids(store.listGrantsNeedingExpansion(SYNC, { snapshot }))).toEqual([]);
    expect(await store.getGrant(SYNC, 'g1', { snapshot })).toBeDefined();
    expect(await store.getGrant(SYNC, 'g1')).toBeUndefined();
    await snapshot.close();
  });

  test('waits for an engine that is still opening', async () => {
    const opening = openingEngine();
    const reader = new SyncStore(opening);
    const [ids, page, count, run] = await Promise.all([
      collect(reader.listGrants(SYNC)),
      reader.listGrants(SYNC).page(),
      reader.count(SYNC, 'grant_by_principal'),
      reader.resumeSync(),
    ]);
    expect([ids, page.records, count, run]).toEqual([[], [], 0, undefined]);
  });

  test('ends with an error once its signal has fired', async () => {
    await store.putMany(
      SYNC,
      Array.from({ length: 600 }, (_, at) => grant(`g${at}`)),
    );
    const abort = new AbortController();
    let seen = 0;
    const read = async () => {
      for await (const _ of store.listGrants(SYNC, { signal: abort.signal })) {
        seen += 1;
        abort.abort(new Error('enough'));
      }
    };
    expect(await codeOf(read)).toBe('SSTITCH_ABORTED');
    expect(seen).toBeLessThan(600);
  });

  test('that ends early allows the engine to close', async () => {
    await store.putMany(SYNC, [grant('g1'), grant('g2')]);
    for await (const record of store.listGrantsByEntitlement(SYNC, 'staff:member')) {
      expect(record.externalId).toBe('g1');
      break;
    }
  });

  test('by an index reports a missing record', async () => {
    await store.put(SYNC, grant('g1'));
    const key = grantKey(parseSyncId(SYNC), 'g1');
    await engine.batch([{ type: 'del', key }], byteEncodings);
    const read = () => ids(store.listGrantsByPrincipalResourceType(SYNC, 'user'));
    expect(await codeOf(read)).toBe('SSTITCH_INDEX_STRAY');
  });

  test('refuses an invalid limit, and a record that is not in the list', async () => {
    for (const limit of [-1, 1.5, Number.NaN]) {
      expect(await codeOf(() => store.listGrants(SYNC, { limit }))).toBe('SSTITCH_OPTION_INVALID');
    }
    const after = grant('g', { entitlement: { entitlementId: 'other' } });
    const list = () => store.listGrantsByEntitlement(SYNC, 'staff:member', { after });
    expect(await codeOf(list)).toBe('SSTITCH_OPTION_INVALID');
  });
});

async function ids(list: RecordList<GrantRecord>): Promise<string[]> {
  return (await collect(list)).map((record) => record.externalId);
}
