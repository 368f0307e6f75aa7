// Random nested groups, with cycles, against a fixpoint over sets, on an engine in memory, which is written in place,
// and on a store, which replaces the sync.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openC1z } from '@sstitch/c1z';
import { Store } from '@sstitch/engine';
import {
  type GrantRecord,
  SyncReader,
  type SyncRecord,
  SyncStore,
  verifyIndexes,
} from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  grant,
  group,
  member,
  memberships,
  SYNC,
  user,
  writeSync,
} from '../../test/access-records.js';
import { expandedModel } from '../../test/expansion-model.js';
import { expandSync } from './expand-sync.js';

const GROUPS = 7;
/** A file of baton-sdk's test data with groups nested ten deep. */
const REAL_FILE = fileURLToPath(
  new URL(`../../../c1z/test-data/sync-${SYNC}.c1z`, import.meta.url),
);
const OTHER = '36zM46KKuaBq0wjSSvKh5o0350y';

interface RandomSync {
  readonly groups: readonly string[];
  readonly grants: readonly GrantRecord[];
}

const groupId = fc.nat(GROUPS - 1).map((number) => `g${number}`);
const types = fc.subarray(['user', 'group', 'service']);
const sources = fc.dictionary(groupId, fc.boolean(), { maxKeys: 2 });
const membership = fc.record({
  groupId,
  principal: fc.oneof(groupId.map(group), fc.constantFrom('ann', 'bob', 'cid').map(user)),
  expands: fc.boolean(),
  shallow: fc.boolean(),
  types: fc.oneof(fc.constant([]), types),
  sources: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: sources }),
});
const anySync: fc.Arbitrary<RandomSync> = fc
  .uniqueArray(membership, {
    maxLength: 24,
    selector: ({ groupId: id, principal }) => JSON.stringify([id, principal]),
  })
  .map((memberships) => ({
    groups: Array.from({ length: GROUPS }, (_, number) => `g${number}`),
    grants: memberships.map(({ groupId: id, principal, expands, ...more }) =>
      grant(id, principal, {
        ...more,
        ...(expands && principal.resourceTypeId === 'group' && { from: [principal.resourceId] }),
      }),
    ),
  }));

function recordsOf({ groups, grants }: RandomSync): SyncRecord[] {
  return [...groups.map(member), ...grants];
}

test('derives what the fixpoint has, written in place, in any number of passes', async () => {
  await fc.assert(
    fc.asyncProperty(anySync, fc.integer({ min: 2, max: 99 }), async (sync, maxHeldGrants) => {
      const engine = new ModelEngine();
      await writeSync(engine, recordsOf(sync));
      await expandSync(engine, SYNC, { maxHeldGrants });
      expect(await memberships(engine)).toEqual(expandedModel(sync.groups, sync.grants));
      for await (const problem of verifyIndexes(engine, SYNC)) expect.fail(JSON.stringify(problem));
      const once = engine.state.entries;
      expect(await expandSync(engine, SYNC)).toMatchObject({ created: 0, updated: 0 });
      expect(engine.state.entries).toEqual(once);
    }),
    { numRuns: 150 },
  );
});

let directory: string;
let store: Store<Uint8Array, Uint8Array>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-access-'));
  store = new Store(join(directory, 'store'), { keyEncoding: 'view', valueEncoding: 'view' });
  await store.open();
});

afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

test('derives what the fixpoint has of a real sync', async () => {
  const engine = new ModelEngine();
  const source = await openC1z(REAL_FILE);
  try {
    const sync = new SyncStore(engine);
    for await (const { syncId, records } of source.batches()) await sync.putMany(syncId, records);
  } finally {
    await source.close();
  }
  const reader = new SyncReader(engine);
  const grants: GrantRecord[] = [];
  for await (const record of reader.listGrants(SYNC)) grants.push(record);
  const ids: string[] = [];
  for await (const { externalId } of reader.listEntitlements(SYNC)) ids.push(externalId);
  expect(await expandSync(engine, SYNC)).toMatchObject({
    created: 12_072,
    updated: 1199,
    cycles: 0,
  });
  expect(await memberships(engine)).toEqual(expandedModel(ids, grants));
});

test('derives the same in one commit under another id, and leaves the sync unchanged', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(anySync, async (sync) => {
      const syncId = `${SYNC.slice(0, -3)}${String(++number).padStart(3, '0')}`;
      await writeSync(
        store,
        recordsOf(sync).map((record) => ({ ...record, syncId }) as SyncRecord),
        syncId,
      );
      const before = await memberships(store, syncId);
      await expandSync(store, syncId, {
        ...{ as: OTHER, replace: true, maxHeldGrants: number % 3 === 0 ? 5 : 99 },
      });
      expect(await memberships(store, syncId)).toEqual(before);
      expect(await memberships(store, OTHER)).toEqual(expandedModel(sync.groups, sync.grants));
      for await (const problem of verifyIndexes(store, OTHER)) expect.fail(JSON.stringify(problem));
      expect(await new SyncReader(store).getSyncRun(OTHER)).toMatchObject({ supportsDiff: true });
    }),
    { numRuns: 20 },
  );
});
