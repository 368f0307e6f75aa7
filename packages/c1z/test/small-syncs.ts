// Syncs of a few records with every kind of content: unusual bytes in ids, parents, expansions, sources, profiles.
import { create } from '@bufbuild/protobuf';
import { type Any, AnySchema, type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import {
  AssetRecordSchema,
  EntitlementRecordSchema,
  encodeRecord,
  GrantRecordSchema,
  RecordBatch,
  ResourceRecordSchema,
  ResourceTypeRecordSchema,
  SyncCounter,
  type SyncRecord,
  SyncRunRecordSchema,
  SyncType,
  type ValueBucket,
} from '@sstitch/records';

export const FIRST_SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
export const SECOND_SYNC = '3MmlCPoe0ERCi8Id5k2DbWCfbl8';

function at(seconds: number, nanos = 123_456_789): Timestamp {
  return create(TimestampSchema, { seconds: BigInt(1_750_000_000 + seconds), nanos });
}

function annotation(name: string, value: string): Any {
  return create(AnySchema, {
    typeUrl: `type.googleapis.com/c1.connector.v2.${name}`,
    value: new TextEncoder().encode(value),
  });
}

const IDS = ['plain', 'with:colon', 'zero\0byte', 'one\u0001byte', 'ümläut 漢字 😀'];

/** The records of a sync, including its run and statistics. */
export function smallSync(syncId: string, isFinished = true): [ValueBucket, SyncRecord][] {
  const records: [ValueBucket, SyncRecord][] = [];
  const run = create(SyncRunRecordSchema, {
    syncId,
    type: SyncType.FULL,
    startedAt: at(0),
    syncToken: '{"state":"odd \\" token"}',
    linkedSyncId: 'linked',
    ...(isFinished && { endedAt: at(60, 0) }),
  });
  records.push(['sync_run', run]);
  for (const [externalId, trait] of [
    ['user', 'USER'],
    ['group', 'GROUP'],
  ] as const) {
    const type = { syncId, externalId, displayName: externalId, traits: [trait] };
    records.push([
      'resource_type',
      create(ResourceTypeRecordSchema, {
        ...type,
        discoveredAt: at(1),
        annotations: [annotation('SkipGrants', '')],
      }),
    ]);
  }
  for (const id of IDS) {
    records.push([
      'resource',
      create(ResourceRecordSchema, {
        syncId,
        resourceTypeId: 'group',
        resourceId: id,
        displayName: `Group ${id}`,
        discoveredAt: at(2),
        ...(id !== 'plain' && { parent: { resourceTypeId: 'group', resourceId: 'plain' } }),
        sourceScopeKey: 'scope',
      }),
    ]);
    records.push([
      'resource',
      create(ResourceRecordSchema, {
        syncId,
        resourceTypeId: 'user',
        resourceId: id,
        discoveredAt: at(3, 0),
        createdAt: at(-1_000_000, 1),
        profile: { login: id, nested: { list: [null, 1.5, true] } },
        status: { status: 1, details: 'fine' },
        iconAssetExternalId: 'icon\0odd',
      }),
    ]);
    records.push([
      'entitlement',
      create(EntitlementRecordSchema, {
        syncId,
        // One entitlement whose id begins with that of its resource, and one whose id does not.
        externalId: id === 'plain' ? 'opaque' : `group:${id}:member`,
        resource: { resourceTypeId: 'group', resourceId: id },
        purpose: 'ASSIGNMENT',
        slug: 'member',
        discoveredAt: at(4),
        grantableToResourceTypeIds: ['user', 'group'],
      }),
    ]);
  }
  for (const [number, group] of IDS.entries()) {
    for (const user of IDS.slice(0, 3)) {
      const entitlementId = group === 'plain' ? 'opaque' : `group:${group}:member`;
      records.push([
        'grant',
        create(GrantRecordSchema, {
          syncId,
          externalId: `${entitlementId}:user:${user}`,
          entitlement: { resourceTypeId: 'group', resourceId: group, entitlementId },
          principal: {
            resourceTypeId: 'user',
            resourceId: user,
            ...(number === 1 && {
              parentResourceTypeId: 'group',
              parentResourceId: 'plain',
            }),
          },
          discoveredAt: at(5),
          ...(number === 2 && {
            expansion: { entitlementIds: ['opaque'], shallow: true },
            needsExpansion: user === 'plain',
          }),
          ...(number === 3 && { annotations: [annotation('GrantImmutable', '')] }),
          ...(number === 4 && { sources: { opaque: { isDirect: true }, 'z\0': {} } }),
        }),
      ]);
    }
  }
  records.push([
    'asset',
    create(AssetRecordSchema, {
      syncId,
      externalId: 'icon\0odd',
      contentType: 'image/png',
      data: new Uint8Array(3000).map((_, index) => (index * index) & 0xff),
      discoveredAt: at(6),
    }),
  ]);
  if (isFinished) {
    const counter = new SyncCounter();
    for (const [, record] of records) counter.add(record);
    const stats = counter.toRecord(syncId, new Date(1_750_000_061_000));
    stats.stepDurationsMs = { expansion: 12n };
    records.push(['sync_stats', stats]);
  }
  return records;
}

/** The same records in batches. */
export function smallBatches(syncId: string, isFinished = true): RecordBatch[] {
  return smallSync(syncId, isFinished).map(([bucket, record]) =>
    RecordBatch.ofValues(syncId, bucket, [encodeRecord(record)]),
  );
}
