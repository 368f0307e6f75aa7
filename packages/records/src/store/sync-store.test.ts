import { byteEncodings, type ReadWriteEngine } from '@sstitch/contract';
import { grantKey, parseSyncId } from '@sstitch/keys';
import fc from 'fast-check';
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
import type { GrantRecord } from '../gen/c1/storage/v3/records_pb.js';
import { recordEntries } from '../indexes/record-entries.js';
import type { SyncRecord } from '../record-types.js';
import { verifyIndexes } from '../verify/verify-indexes.js';
import { SyncStore } from './sync-store.js';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS } from './write-records.js';

let engine: ReadWriteEngine;
let store: SyncStore;

beforeEach(async () => {
  engine = await openEngine();
  store = new SyncStore(engine);
});

describe('put', () => {
  test('stores records of every type so that get finds them', async () => {
    const image = asset('logo', Uint8Array.of(0, 255, 1));
    await store.putMany(SYNC, [
      resourceType('user'),
      resource('user:ann', 'org:acme'),
      entitlement('staff:member', 'group:staff'),
      grant('g1'),
      image,
    ]);
    expect((await store.getResourceType(SYNC, 'user'))?.displayName).toBe('user');
    const ann = { resourceTypeId: 'user', resourceId: 'ann' };
    expect((await store.getResource(SYNC, ann))?.parent?.resourceId).toBe('acme');
    expect((await store.getEntitlement(SYNC, 'staff:member'))?.resource?.resourceId).toBe('staff');
    expect(await store.getGrant(SYNC, 'g1')).toEqual(grant('g1'));
    expect((await store.getAsset(SYNC, 'logo'))?.data).toEqual(image.data);
    expect(await store.getGrant(SYNC, 'g2')).toBeUndefined();
    expect(await store.getGrant(OTHER_SYNC, 'g1')).toBeUndefined();
  });

  test('of a changed record removes its outdated index entries', async () => {
    await store.put(SYNC, grant('g', { needsExpansion: true }));
    await store.put(SYNC, grant('g', { principal: { resourceTypeId: 'group', resourceId: 'it' } }));
    expect(await readableKeys(engine)).toEqual([
      'grant g',
      'grant_by_entitlement staff:member/group/it/g',
      'grant_by_principal group/it/g',
      'grant_by_principal_resource_type group/g',
    ]);
  });

  test('of two records with one id at once keeps the last and leaves no stray entry', async () => {
    const taken = await store.putMany(SYNC, [
      resource('user:ann', 'org:old'),
      resource('user:bob', 'org:old'),
      resource('user:ann', 'org:new'),
    ]);
    expect(taken).toBe(3);
    expect(await readableKeys(engine)).toEqual([
      'resource user/ann',
      'resource user/bob',
      'resource_by_parent org/new/user/ann',
      'resource_by_parent org/old/user/bob',
    ]);
  });

  test('keeps indexes correct when puts of one record race', async () => {
    const racing = Array.from({ length: 40 }, (_, at) =>
      // A second store on the same engine must share the queue with the first.
      (at % 2 === 0 ? store : new SyncStore(engine)).put(
        SYNC,
        grant('g', { principal: { resourceTypeId: 'user', resourceId: `u${at}` } }),
      ),
    );
    await Promise.all(racing);
    expect(await readableKeys(engine)).toHaveLength(4);
    expect(await collect(verifyIndexes(engine, SYNC))).toEqual([]);
  });

  test('called twice without waiting keeps the second record', async () => {
    const first = store.put(SYNC, resourceType('user'));
    const gone = store.deleteResourceType(SYNC, 'user');
    const second = store.put(SYNC, { ...resourceType('user'), displayName: 'second' });
    await Promise.all([first, second]);
    expect(await gone).toBe(true);
    expect((await store.getResourceType(SYNC, 'user'))?.displayName).toBe('second');
  });

  test('accepts more records than a batch holds, from an async source that reads the store', async () => {
    const count = MAX_BATCH_RECORDS * 2 + 7;
    async function* source(): AsyncGenerator<SyncRecord> {
      for (let at = 0; at < count; at++) {
        if (at === MAX_BATCH_RECORDS + 1) await store.put(SYNC, resourceType('meanwhile'));
        yield grant(`g${at}`);
      }
    }
    expect(await store.putMany(SYNC, source())).toBe(count);
    expect(await collect(store.listGrants(SYNC))).toHaveLength(count);
    expect(await store.getResourceType(SYNC, 'meanwhile')).toBeDefined();
  });

  test('writes a batch when it has many bytes, however few its records', async () => {
    const half = new Uint8Array(MAX_BATCH_BYTES / 2);
    const records = [
      asset('a', half),
      asset('b', half),
      asset('c', half),
      grant('other', { syncId: OTHER_SYNC }),
    ];
    expect(await codeOf(() => store.putMany(SYNC, records))).toBe('SSTITCH_RECORD_SYNC_MISMATCH');
    expect(await readableKeys(engine)).toEqual(['asset a', 'asset b']);
  });

  test('refuses a record of another sync and writes nothing', async () => {
    const records = [grant('mine'), resourceType('user', OTHER_SYNC)];
    expect(await codeOf(() => store.putMany(SYNC, records))).toBe('SSTITCH_RECORD_SYNC_MISMATCH');
    expect(await readableKeys(engine)).toEqual([]);
  });

  test('refuses an invalid sync id, and an id that cannot be in a key', async () => {
    const sync = store.put('sync-1', grant('g', { syncId: 'sync-1' }));
    await expect(sync).rejects.toMatchObject({ code: 'SSTITCH_SYNC_ID_INVALID' });
    const id = store.put(SYNC, grant('\ud800'));
    await expect(id).rejects.toMatchObject({ code: 'SSTITCH_KEY_ELEMENT_INVALID' });
  });

  test('over a corrupt record is refused, because its index entries are unknown', async () => {
    const key = grantKey(parseSyncId(SYNC), 'g');
    const corrupt = { type: 'put', key, value: Uint8Array.of(0xff) } as const;
    await engine.batch([corrupt], byteEncodings);
    expect(await codeOf(() => store.put(SYNC, grant('g')))).toBe('SSTITCH_RECORD_UNDECODABLE');
    expect(await codeOf(() => store.getGrant(SYNC, 'g'))).toBe('SSTITCH_RECORD_UNDECODABLE');
    // A failed write does not block the next one.
    await store.put(SYNC, grant('h'));
  });

  test('stops between batches once its signal fires, and keeps what was written', async () => {
    const abort = new AbortController();
    function* source(): Generator<SyncRecord> {
      for (let at = 0; at < MAX_BATCH_RECORDS * 3; at++) {
        if (at === MAX_BATCH_RECORDS + 1) abort.abort();
        yield resourceType(`t${at}`);
      }
    }
    const put = () => store.putMany(SYNC, source(), { signal: abort.signal });
    expect(await codeOf(put)).toBe('SSTITCH_ABORTED');
    expect(await collect(store.listResourceTypes(SYNC))).toHaveLength(MAX_BATCH_RECORDS);
  });

  test('leaves the same entries as a new load of the same records, whatever was put and deleted', async () => {
    const id = fc.constantFrom('a', 'b', 'c');
    const anyGrant = fc
      .record({ id, user: fc.option(id), of: fc.option(id), needsExpansion: fc.boolean() })
      .map(({ id: externalId, user, of, needsExpansion }): GrantRecord => {
        const made = grant(externalId, { needsExpansion });
        if (user === null) delete made.principal;
        else if (made.principal) made.principal.resourceId = user;
        if (of === null) delete made.entitlement;
        else if (made.entitlement) made.entitlement.entitlementId = of;
        return made;
      });
    const step = fc.oneof(
      fc.array(anyGrant, { minLength: 1, maxLength: 5 }),
      id.map((externalId) => ({ externalId })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const model = new Map<string, GrantRecord>();
        for (const one of steps) {
          if (Array.isArray(one)) {
            for (const record of one) model.set(record.externalId, record);
            await store.putMany(SYNC, one);
          } else {
            const was = model.delete(one.externalId);
            expect(await store.deleteGrant(SYNC, one.externalId)).toBe(was);
          }
        }
        expect(await readableKeys(engine)).toEqual(await keysOfFreshLoad([...model.values()]));
        expect(await collect(verifyIndexes(engine, SYNC))).toEqual([]);
        for (const externalId of model.keys()) await store.deleteGrant(SYNC, externalId);
        expect(await readableKeys(engine)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('delete', () => {
  test('removes a record with its index entries and returns whether it existed', async () => {
    const ann = { resourceTypeId: 'user', resourceId: 'ann' };
    await store.putMany(SYNC, [
      resourceType('user'),
      resource('user:ann', 'org:acme'),
      entitlement('e', 'group:staff'),
      asset('logo', new Uint8Array(3)),
    ]);
    expect(await store.deleteResourceType(SYNC, 'user')).toBe(true);
    expect(await store.deleteResource(SYNC, ann)).toBe(true);
    expect(await store.deleteEntitlement(SYNC, 'e')).toBe(true);
    expect(await store.deleteAsset(SYNC, 'logo')).toBe(true);
    expect(await readableKeys(engine)).toEqual([]);
    expect(await store.deleteResource(SYNC, ann)).toBe(false);
  });
});

async function keysOfFreshLoad(records: readonly SyncRecord[]): Promise<string[]> {
  const fresh = await openEngine();
  const operations = recordEntries(SYNC, records).map(
    (entry) => ({ type: 'put', ...entry }) as const,
  );
  await fresh.batch(operations, byteEncodings);
  return readableKeys(fresh);
}
