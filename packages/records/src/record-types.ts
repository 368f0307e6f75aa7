// Maps each bucket to its message, and each message to the fields that make its key.
import type { DescMessage } from '@bufbuild/protobuf';
import { type Bucket, buildKey, type SyncIdBytes } from '@sstitch/keys';
import { RecordsError } from './errors.js';
import {
  type AssetRecord,
  AssetRecordSchema,
  type EntitlementRecord,
  EntitlementRecordSchema,
  type GrantRecord,
  GrantRecordSchema,
  type ResourceRecord,
  ResourceRecordSchema,
  type ResourceTypeRecord,
  ResourceTypeRecordSchema,
  type SyncRunRecord,
  SyncRunRecordSchema,
  type SyncStatsRecord,
  SyncStatsRecordSchema,
} from './gen/c1/storage/v3/records_pb.js';

/** The message of each bucket that holds messages. */
export interface RecordByBucket {
  /** A type of resources. */
  readonly resource_type: ResourceTypeRecord;
  /** A resource, which may also be a principal: a user, a group, an application. */
  readonly resource: ResourceRecord;
  /** A permission on a resource, or a membership in it. */
  readonly entitlement: EntitlementRecord;
  /** A principal's hold of an entitlement. */
  readonly grant: GrantRecord;
  /** An asset, such as a logo, with its data. */
  readonly asset: AssetRecord;
  /** The run of the sync: its type, start, end and token. */
  readonly sync_run: SyncRunRecord;
  /** The counts of the sync's records. */
  readonly sync_stats: SyncStatsRecord;
}

/** The buckets of which statistics have a total. */
export type CountedBucket = 'resource_type' | 'resource' | 'entitlement' | 'grant' | 'asset';

/** A bucket whose values are messages. */
export type ValueBucket = keyof RecordByBucket & Bucket;

/** Any message that a store of syncs holds. */
export type SyncRecord = RecordByBucket[ValueBucket];

/** The schema of each bucket's message, for the functions of protobuf-es: JSON, reflection, `create`. */
export const RECORD_SCHEMAS = {
  resource_type: ResourceTypeRecordSchema,
  resource: ResourceRecordSchema,
  entitlement: EntitlementRecordSchema,
  grant: GrantRecordSchema,
  asset: AssetRecordSchema,
  sync_run: SyncRunRecordSchema,
  sync_stats: SyncStatsRecordSchema,
} as const satisfies Record<ValueBucket, DescMessage>;

/** The buckets whose values are messages, in the fixed order. */
export const VALUE_BUCKETS = Object.keys(RECORD_SCHEMAS) as readonly ValueBucket[];

/** Whether the values of `bucket` are messages. */
export function isValueBucket(bucket: Bucket): bucket is ValueBucket {
  return Object.hasOwn(RECORD_SCHEMAS, bucket);
}

/** The bucket and the ids of a record, which identify it in its sync. */
export interface RecordIdentity {
  /** The bucket in which the record is stored. */
  readonly bucket: ValueBucket;
  /** The elements of its key. */
  readonly ids: readonly string[];
}

/**
 * The bucket and the ids of a record, which identify it in its sync.
 *
 * @throws {@link RecordsError} SSTITCH_RECORD_INVALID on anything that is not a message of this package.
 */
export function identityOf(record: SyncRecord): RecordIdentity {
  switch (record?.$typeName) {
    case 'c1.storage.v3.ResourceTypeRecord':
      return { bucket: 'resource_type', ids: [record.externalId] };
    case 'c1.storage.v3.ResourceRecord':
      return { bucket: 'resource', ids: [record.resourceTypeId, record.resourceId] };
    case 'c1.storage.v3.EntitlementRecord':
      return { bucket: 'entitlement', ids: [record.externalId] };
    case 'c1.storage.v3.GrantRecord':
      return { bucket: 'grant', ids: [record.externalId] };
    case 'c1.storage.v3.AssetRecord':
      return { bucket: 'asset', ids: [record.externalId] };
    case 'c1.storage.v3.SyncRunRecord':
      return { bucket: 'sync_run', ids: [] };
    case 'c1.storage.v3.SyncStatsRecord':
      return { bucket: 'sync_stats', ids: [] };
    default:
      throw new RecordsError(
        'SSTITCH_RECORD_INVALID',
        `not a record: ${String((record as Partial<SyncRecord> | undefined)?.$typeName)}`,
      );
  }
}

/** The key under which a record is stored. */
export function primaryKey(syncId: SyncIdBytes, record: SyncRecord): Uint8Array {
  const { bucket, ids } = identityOf(record);
  return buildKey(bucket, syncId, ids);
}
