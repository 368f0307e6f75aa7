import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { AnySchema, anyPack, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { SyncType } from '@sstitch/records';
import { describe, expect, test } from 'vitest';
import {
  Entitlement_PurposeValue,
  EntitlementSchema,
  GrantExpandableSchema,
  GrantSchema,
  ResourceSchema,
  ResourceType_Trait,
  ResourceTypeSchema,
} from '../gen/c1/connector/v2/connector_pb.js';
import { expandableAnnotation } from '../make-c1z.js';
import type { AssetRow, EntitlementRow, GrantRow, ResourceRow, SyncRunRow } from './sync-tables.js';
import * as translate from './translate.js';
import { UTC } from './zones.js';

const syncRunRecord = (row: SyncRunRow) => translate.syncRunRecord(row, UTC);
const grantRecord = (syncId: string, row: GrantRow) => translate.grantRecord(syncId, row, UTC);
const assetRecord = (syncId: string, row: AssetRow) => translate.assetRecord(syncId, row, UTC);

const AT = '2025-01-02 03:04:05.000006';
const AT_TIMESTAMP = create(TimestampSchema, { seconds: 1735787045n, nanos: 6000 });
const OTHER_ANNOTATION = create(AnySchema, {
  typeUrl: 'type.googleapis.com/c1.connector.v2.ETag',
  value: Uint8Array.of(1, 2, 3),
});

// Numbers that a newer connector might write.
const LATER_TRAIT = 99 as ResourceType_Trait;
const LATER_PURPOSE = 77 as Entitlement_PurposeValue;

type GrantInit = MessageInitShape<typeof GrantSchema>;
type ExpandableInit = MessageInitShape<typeof GrantExpandableSchema>;

const NAMED: GrantInit = {
  id: 'g',
  entitlement: { id: 'e' },
  principal: { id: { resourceType: 'user', resource: 'u' } },
};

function grantRow(init: GrantInit, expansion?: ExpandableInit, needsExpansion?: boolean): GrantRow {
  return {
    resource_type_id: null,
    resource_id: null,
    entitlement_id: null,
    principal_resource_type_id: null,
    principal_resource_id: null,
    external_id: null,
    data: toBinary(GrantSchema, create(GrantSchema, { ...NAMED, ...init } as GrantInit)),
    discovered_at: AT,
    expansion:
      expansion === undefined
        ? null
        : toBinary(GrantExpandableSchema, create(GrantExpandableSchema, expansion)),
    needs_expansion: needsExpansion ?? null,
  };
}

const RUN: SyncRunRow = {
  sync_id: 's',
  started_at: AT,
  ended_at: null,
  sync_token: 'token',
  sync_type: 'full',
  is_partial: null,
  parent_sync_id: null,
  linked_sync_id: null,
  supports_diff: null,
  ingest_invariant_generation: null,
  ingest_invariant_coverage: null,
  ingest_invariant_mode: null,
};

describe('a resource type', () => {
  const resourceTypeRecord = (data: Uint8Array, discovered_at = AT) =>
    translate.resourceTypeRecord('s', { external_id: null, data, discovered_at }, UTC);

  test('keeps its fields; traits are names without prefix', () => {
    const message = create(ResourceTypeSchema, {
      id: 'user',
      displayName: 'User',
      description: 'a person',
      traits: [ResourceType_Trait.USER, ResourceType_Trait.LICENSE_PROFILE, LATER_TRAIT],
      sourcedExternally: true,
      annotations: [OTHER_ANNOTATION],
    });
    expect(resourceTypeRecord(toBinary(ResourceTypeSchema, message))).toMatchObject({
      syncId: 's',
      externalId: 'user',
      displayName: 'User',
      description: 'a person',
      traits: ['USER', 'LICENSE_PROFILE', ''],
      sourcedExternally: true,
      annotations: [OTHER_ANNOTATION],
      discoveredAt: AT_TIMESTAMP,
    });
  });

  test.each([
    ['an empty message', new Uint8Array(), 'id is empty'],
    [
      'bytes that are not a message',
      Uint8Array.of(0xff, 0xff),
      'is not a c1.connector.v2.ResourceType',
    ],
  ])('%s is refused', (_, data, message) => {
    expect(() => resourceTypeRecord(data)).toThrow(message);
  });

  test('a row with an invalid time is refused', () => {
    const data = toBinary(ResourceTypeSchema, create(ResourceTypeSchema, { id: 'user' }));
    expect(() => resourceTypeRecord(data, 'noon')).toThrow('discovered_at is not a time: "noon"');
  });
});

describe('a resource', () => {
  const NO_COLUMNS: Omit<ResourceRow, 'data'> = {
    resource_type_id: null,
    external_id: null,
    parent_resource_type_id: null,
    parent_resource_id: null,
    discovered_at: AT,
  };
  const resource = (init: MessageInitShape<typeof ResourceSchema>) =>
    translate.resourceRecord(
      's',
      { ...NO_COLUMNS, data: toBinary(ResourceSchema, create(ResourceSchema, init)) },
      UTC,
    );

  test('is named by type and id, and keeps its parent', () => {
    const record = resource({
      id: { resourceType: 'repository', resource: 'r1' },
      parentResourceId: { resourceType: 'organization', resource: 'o1' },
      displayName: 'R',
    });
    expect(record).toMatchObject({
      resourceTypeId: 'repository',
      resourceId: 'r1',
      parent: { resourceTypeId: 'organization', resourceId: 'o1' },
    });
  });

  test('has no parent if the connector names none, or an empty one', () => {
    const id = { resourceType: 'user', resource: 'u' };
    expect(resource({ id }).parent).toBeUndefined();
    expect(resource({ id, parentResourceId: { resourceType: 'x' } }).parent).toBeUndefined();
  });
});

describe('an entitlement', () => {
  const NO_COLUMNS: Omit<EntitlementRow, 'data'> = {
    resource_type_id: null,
    resource_id: null,
    external_id: null,
    discovered_at: AT,
  };
  const entitlement = (init: MessageInitShape<typeof EntitlementSchema>) =>
    translate.entitlementRecord(
      's',
      { ...NO_COLUMNS, data: toBinary(EntitlementSchema, create(EntitlementSchema, init)) },
      UTC,
    );

  test('refers to its resource; grantable_to becomes ids, and the purpose a name', () => {
    const record = entitlement({
      id: 'group:g:member',
      resource: { id: { resourceType: 'group', resource: 'g' } },
      grantableTo: [{ id: 'user' }, { id: '' }, { id: 'group' }],
      purpose: Entitlement_PurposeValue.ASSIGNMENT,
      slug: 'member',
    });
    expect(record).toMatchObject({
      externalId: 'group:g:member',
      resource: { resourceTypeId: 'group', resourceId: 'g' },
      grantableToResourceTypeIds: ['user', 'group'],
      purpose: 'ASSIGNMENT',
      slug: 'member',
    });
  });

  test('has an empty purpose if it has none, or an unknown one', () => {
    expect(entitlement({ id: 'e' }).purpose).toBe('');
    expect(entitlement({ id: 'e', purpose: LATER_PURPOSE }).purpose).toBe('');
  });
});

describe('a grant', () => {
  test('keeps identities of entitlement and principal, annotations and sources', () => {
    const record = grantRecord(
      's',
      grantRow({
        entitlement: { id: 'e', resource: { id: { resourceType: 'group', resource: 'g' } } },
        principal: { id: { resourceType: 'user', resource: 'u' } },
        annotations: [OTHER_ANNOTATION],
        sources: { sources: { e: { isDirect: true }, f: {} } },
      }),
    );
    expect(record).toMatchObject({
      entitlement: { resourceTypeId: 'group', resourceId: 'g', entitlementId: 'e' },
      principal: { resourceTypeId: 'user', resourceId: 'u' },
      annotations: [OTHER_ANNOTATION],
      sources: { e: { isDirect: true }, f: { isDirect: false } },
      needsExpansion: false,
    });
    expect(record.expansion).toBeUndefined();
  });

  test('its first GrantExpandable annotation becomes its expansion; a second one stays', () => {
    const first = expandableAnnotation({ entitlementIds: ['e1'], shallow: true });
    const second = anyPack(GrantExpandableSchema, create(GrantExpandableSchema));
    const record = grantRecord('s', grantRow({ annotations: [OTHER_ANNOTATION, first, second] }));
    expect(record.expansion).toMatchObject({ entitlementIds: ['e1'], shallow: true });
    expect(record.needsExpansion).toBe(true);
    expect(record.annotations).toEqual([OTHER_ANNOTATION, second]);
  });

  test('an annotation that names only blank entitlements is removed without an expansion', () => {
    const blank = expandableAnnotation({ entitlementIds: ['', ' \t'] });
    const record = grantRecord('s', grantRow({ annotations: [blank] }));
    expect(record.annotations).toEqual([]);
    expect(record.expansion).toBeUndefined();
    expect(record.needsExpansion).toBe(false);
  });

  test('the columns of newer files take precedence over the annotation', () => {
    const annotation = expandableAnnotation({ entitlementIds: ['old'] });
    const expansion = { entitlementIds: ['new'], resourceTypeIds: ['user'] };
    const done = grantRecord('s', grantRow({ annotations: [annotation] }, expansion, false));
    expect(done.expansion).toMatchObject(expansion);
    expect(done.needsExpansion).toBe(false);
    expect(done.annotations).toEqual([]);
    expect(grantRecord('s', grantRow({}, expansion, true)).needsExpansion).toBe(true);
  });

  test('an empty column, which means none in newer files, does not override the annotation', () => {
    const annotation = expandableAnnotation({ entitlementIds: ['e1'] });
    const row = { ...grantRow({ annotations: [annotation] }), expansion: new Uint8Array() };
    expect(grantRecord('s', row).expansion?.entitlementIds).toEqual(['e1']);
    expect(grantRecord('s', row).needsExpansion).toBe(true);
  });

  test('an expansion that is not a message is refused', () => {
    const row = { ...grantRow({}), expansion: Uint8Array.of(0x0a, 0xff) };
    expect(() => grantRecord('s', row)).toThrow(
      'expansion is not a c1.connector.v2.GrantExpandable',
    );
  });
});

describe('an asset', () => {
  test('is its row', () => {
    const data = Uint8Array.of(1, 2);
    const row = { external_id: 'logo', content_type: 'image/png', data, discovered_at: AT };
    expect(assetRecord('s', row)).toMatchObject({
      externalId: 'logo',
      contentType: 'image/png',
      data,
      discoveredAt: AT_TIMESTAMP,
    });
  });
});

describe('a sync run', () => {
  test('has no end if it has not ended', () => {
    expect(syncRunRecord(RUN)).toMatchObject({ startedAt: AT_TIMESTAMP, syncToken: 'token' });
    expect(syncRunRecord(RUN).endedAt).toBeUndefined();
    expect(syncRunRecord({ ...RUN, ended_at: AT }).endedAt).toEqual(AT_TIMESTAMP);
  });

  test.each([
    ['full', SyncType.FULL],
    ['partial', SyncType.PARTIAL],
    ['resources_only', SyncType.RESOURCES_ONLY],
    ['partial_upserts', SyncType.PARTIAL_UPSERTS],
    ['partial_deletions', SyncType.PARTIAL_DELETIONS],
    ['of tomorrow', SyncType.UNSPECIFIED],
    ['constructor', SyncType.UNSPECIFIED],
  ])('of type %s', (sync_type, type) => {
    expect(syncRunRecord({ ...RUN, sync_type }).type).toBe(type);
  });

  test('is partial by a flag in the oldest files', () => {
    const oldest = { ...RUN, sync_type: null };
    expect(syncRunRecord({ ...oldest, is_partial: true }).type).toBe(SyncType.PARTIAL);
    expect(syncRunRecord(oldest).type).toBe(SyncType.FULL);
  });
});
