import { create } from '@bufbuild/protobuf';
import {
  EntitlementRecordSchema,
  GrantRecordSchema,
  ResourceRecordSchema,
  ResourceTypeRecordSchema,
  type SyncRecord,
} from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import { expect, test } from 'vitest';
import { SYNC, writeSync } from '../../test/small-syncs.js';
import { diffSyncs } from '../diff/diff-syncs.js';
import { describeChanges } from './describe-changes.js';

const database = { resourceTypeId: 'database', resourceId: 'db1' };
const admin = create(EntitlementRecordSchema, {
  ...{ externalId: 'db1:admin', resource: database, displayName: 'Production DB Admin' },
  slug: 'admin',
});
const production = create(ResourceRecordSchema, { ...database, displayName: 'Production DB' });

function user(name: string): SyncRecord {
  const resourceId = name.toLowerCase();
  return create(ResourceRecordSchema, { resourceTypeId: 'user', resourceId, displayName: name });
}

function grant(principal: string, resourceTypeId = 'user'): SyncRecord {
  return create(GrantRecordSchema, {
    externalId: `db1:admin:${resourceTypeId}:${principal}`,
    entitlement: { ...database, entitlementId: 'db1:admin' },
    principal: { resourceTypeId, resourceId: principal },
  });
}

async function sentencesOf(
  old: readonly SyncRecord[],
  present: readonly SyncRecord[],
  limit?: number,
): Promise<string[]> {
  const [left, right] = [new ModelEngine(), new ModelEngine()];
  await writeSync(left, SYNC, old);
  await writeSync(right, SYNC, present);
  const before = { engine: left, syncId: SYNC };
  const after = { engine: right, syncId: SYNC };
  const sentences = await describeChanges(diffSyncs(before, after), { before, after, limit });
  return sentences.map(({ text }) => text);
}

test('grants are grouped by entitlement, with the names of principals and resources', async () => {
  const people = ['Ann', 'Bob', 'Cay', 'Dan', 'Eve'].map(user);
  const base = [admin, production, ...people];
  const all = ['ann', 'bob', 'cay', 'dan', 'eve'].map((id) => grant(id));
  expect(await sentencesOf(base, [...base, ...all])).toEqual([
    '5 users gained admin on Production DB: Ann, Bob, Cay and 2 more',
  ]);
  expect(await sentencesOf([...base, ...all.slice(0, 2)], base)).toEqual([
    'Ann and Bob lost admin on Production DB',
  ]);
  expect(await sentencesOf(base, [...base, ...all.slice(0, 1)])).toEqual([
    'Ann gained admin on Production DB',
  ]);
  const mixed = [...all, grant('ops', 'group')];
  expect(await sentencesOf(base, [...base, ...mixed])).toEqual([
    '6 principals gained admin on Production DB: ops, Ann, Bob and 3 more',
  ]);
});

test('ids replace missing names', async () => {
  expect(await sentencesOf([], [grant('ann')])).toEqual(['ann gained db1:admin on db1']);
});

test('removed records have their former names', async () => {
  expect(await sentencesOf([admin, production, user('Ann'), grant('ann')], [])).toEqual([
    'Ann lost admin on Production DB',
    '1 database removed: Production DB',
    '1 user removed: Ann',
    '1 entitlement removed from Production DB: admin',
  ]);
});

test('changed records have the fields that changed', async () => {
  const renamed = { ...user('Ann'), displayName: 'Anna' } as SyncRecord;
  const described = { ...admin, description: 'All of it', purpose: 'PERMISSION' };
  const type = create(ResourceTypeRecordSchema, { externalId: 'user', displayName: 'User' });
  expect(
    await sentencesOf(
      [user('Ann'), admin, { ...grant('ann'), needsExpansion: true } as SyncRecord],
      [renamed, described, grant('ann'), type],
    ),
  ).toEqual([
    '1 grant of admin on db1 changed: Anna (needs_expansion)',
    '1 user changed: Anna (display_name "Ann" to "Anna")',
    '1 entitlement on db1 changed: admin (description "" to "All of it", purpose "" to "PERMISSION")',
    '1 new resource type: User',
  ]);
});

test('changes beyond the limit are counted', async () => {
  const types = ['user', 'group', 'company', 'mailbox'];
  const resources = types.flatMap((resourceTypeId, at) =>
    Array.from({ length: at + 1 }, (_, index) =>
      create(ResourceRecordSchema, { resourceTypeId, resourceId: `r${index}` }),
    ),
  );
  expect(await sentencesOf([], resources, 2)).toEqual([
    '4 new mailboxes: r0, r1, r2 and 1 more',
    '3 new companies: r0, r1 and r2',
    '3 more resources added',
  ]);
});
