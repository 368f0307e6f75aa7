// Syncs of a few records with every kind of content: unusual bytes in ids, parents, expansions, sources, profiles.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import {
  AssetRecordSchema,
  EntitlementRecordSchema,
  encodeRecord,
  GrantRecordSchema,
  identityOf,
  RecordBatch,
  ResourceRecordSchema,
  ResourceTypeRecordSchema,
  SyncCounter,
  type SyncRecord,
  SyncRunRecordSchema,
  type SyncSource,
  SyncType,
} from '@sstitch/records';

export const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
export const OTHER_SYNC = '3MmlCPoe0ERCi8Id5k2DbWCfbl8';

const IDS = ['plain', 'a,b;"c"', '=1+1', 'zero\0byte', 'two\nlines', 'ümläut 漢字 😀', '__proto__'];

function at(seconds: number, nanos = 123_456_789): Timestamp {
  return create(TimestampSchema, { seconds: BigInt(1_750_000_000 + seconds), nanos });
}

const annotations = [
  {
    typeUrl: 'type.googleapis.com/c1.connector.v2.GrantImmutable',
    value: new Uint8Array([0, 255]),
  },
];

type Init<Schema extends Parameters<typeof create>[0]> = MessageInitShape<Schema>;

/** The records of a sync, its run first and its statistics last. */
export function sampleSync(syncId: string): SyncRecord[] {
  const run: Init<typeof SyncRunRecordSchema> = {
    ...{ syncId, type: SyncType.FULL, startedAt: at(0), endedAt: at(60, 0) },
    syncToken: '{"state":"odd \\" token"}',
    linkedSyncId: 'linked',
  };
  const records: SyncRecord[] = [create(SyncRunRecordSchema, run)];
  for (const externalId of ['user', 'group']) {
    const type = { syncId, externalId, displayName: externalId.toUpperCase(), traits: ['USER'] };
    records.push(create(ResourceTypeRecordSchema, { ...type, annotations }));
  }
  for (const id of IDS) {
    const group: Init<typeof ResourceRecordSchema> = {
      ...{ syncId, resourceTypeId: 'group', resourceId: id, displayName: `Group ${id}` },
      ...(id !== 'plain' && { parent: { resourceTypeId: 'group', resourceId: 'plain' } }),
    };
    const user: Init<typeof ResourceRecordSchema> = {
      ...{ syncId, resourceTypeId: 'user', resourceId: id, createdAt: at(-1_000_000, 1) },
      profile: { login: id, nested: { list: [null, 1.5, true], empty: {} } },
      status: { status: 1, details: 'fine' },
    };
    const entitlement: Init<typeof EntitlementRecordSchema> = {
      ...{ syncId, externalId: `group:${id}:member`, displayName: `Member of ${id}` },
      resource: { resourceTypeId: 'group', resourceId: id },
      grantableToResourceTypeIds: ['user', 'group'],
    };
    records.push(create(ResourceRecordSchema, group), create(ResourceRecordSchema, user));
    records.push(create(EntitlementRecordSchema, entitlement));
  }
  for (const [number, group] of IDS.entries()) {
    for (const user of IDS.slice(0, 4)) records.push(sampleGrant(syncId, number, group, user));
  }
  const data = new Uint8Array(3000).map((_, index) => (index * index) & 0xff);
  const asset = { syncId, externalId: 'icon\0odd', contentType: 'image/png', data };
  records.push(create(AssetRecordSchema, asset));
  const counter = new SyncCounter();
  for (const record of records) counter.add(record);
  records.push({
    ...counter.toRecord(syncId),
    writtenAt: at(60, 0),
    stepDurationsMs: { list: 5n },
  });
  return records;
}

function sampleGrant(syncId: string, number: number, group: string, user: string): SyncRecord {
  const entitlementId = `group:${group}:member`;
  return create(GrantRecordSchema, {
    ...{ syncId, externalId: `${entitlementId}:user:${user}`, discoveredAt: at(5 + number) },
    entitlement: { resourceTypeId: 'group', resourceId: group, entitlementId },
    principal: { resourceTypeId: 'user', resourceId: user },
    ...(number === 2 && {
      expansion: { entitlementIds: ['opaque'], shallow: true },
      needsExpansion: user === 'plain',
    }),
    ...(number === 3 && { annotations }),
    ...(number === 4 && {
      sources: { opaque: { isDirect: true }, 'z\0;': {}, [entitlementId]: {} },
    }),
  });
}

/** A source of records in memory, with one batch for each record. */
export function sourceOf(...syncs: readonly (readonly SyncRecord[])[]): SyncSource {
  return {
    async *batches({ syncIds } = {}) {
      for (const record of syncs.flat()) {
        if (syncIds?.includes(record.syncId) !== false) yield batchOf(record);
      }
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  };
}

export function batchOf(record: SyncRecord): RecordBatch {
  return RecordBatch.ofRecords(record.syncId, identityOf(record).bucket, [record as never]);
}

/** Every record of a source as text, in order, for comparison. */
export async function valuesOf(source: SyncSource): Promise<string[]> {
  const values: string[] = [];
  for await (const { syncId, bucket, values: own } of source.batches()) {
    for (const value of own) {
      values.push(`${syncId} ${bucket} ${Buffer.from(value).toString('hex')}`);
    }
  }
  return values;
}

/** Records as text, as in {@link valuesOf}. */
export function valuesOfRecords(records: readonly SyncRecord[]): string[] {
  return records.map((record) => {
    const hex = Buffer.from(encodeRecord(record)).toString('hex');
    return `${record.syncId} ${identityOf(record).bucket} ${hex}`;
  });
}
