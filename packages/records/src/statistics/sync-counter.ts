import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type Bucket, bucketLayout, decodeTuple, SYNC_ID_LENGTH_BYTES } from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import { RecordScanner } from '../encoding/record-scanner.js';
import { type SyncStatsRecord, SyncStatsRecordSchema } from '../gen/c1/storage/v3/records_pb.js';
import { type CountedBucket, identityOf, type SyncRecord } from '../record-types.js';

const RESOURCE_ELEMENTS_OFFSET = bucketLayout('resource').prefix.length + SYNC_ID_LENGTH_BYTES;

/** Whether statistics have a total for this bucket. */
export function isCounted(bucket: Bucket): bucket is CountedBucket {
  return bucketLayout(bucket).kind === 'record';
}

type GroupedBucket = 'resource' | 'entitlement' | 'grant';

/**
 * Counts the records of a sync as they are added and removed. Statistics have totals and counts by resource
 * type. The type is that of the resource itself, of an entitlement's resource, or of the entitlement's resource
 * of a grant; `''` if a record names none.
 */
export class SyncCounter {
  readonly #scanner = new RecordScanner();
  readonly #base: SyncStatsRecord | undefined;
  readonly #totals: Record<CountedBucket, number>;
  readonly #byType: Record<GroupedBucket, Map<string, number>>;

  /** @param stats - statistics to continue from; their other fields are kept. */
  constructor(stats?: SyncStatsRecord) {
    this.#base = stats;
    this.#totals = {
      resource_type: Number(stats?.resourceTypes ?? 0),
      resource: Number(stats?.resources ?? 0),
      entitlement: Number(stats?.entitlements ?? 0),
      grant: Number(stats?.grants ?? 0),
      asset: Number(stats?.assets ?? 0),
    };
    this.#byType = {
      resource: toNumbers(stats?.resourcesByResourceType),
      entitlement: toNumbers(stats?.entitlementsByResourceType),
      grant: toNumbers(stats?.grantsByEntitlementResourceType),
    };
  }

  /** Adds a record. Runs and statistics are not counted. */
  add(record: SyncRecord): void {
    this.#change(record, 1);
  }

  /**
   * Adds one stored record. Reads only the counted field of its value, and only of entitlements and grants.
   *
   * @param value - may be empty for the other buckets.
   * @throws {@link RecordsError} SSTITCH_RECORD_UNDECODABLE for an entitlement or a grant that is not a
   * message; KeysError for a malformed key of a resource.
   */
  addEntry(bucket: CountedBucket, key: Uint8Array, value: Uint8Array): void {
    this.addCount(bucket, 1, this.#groupOf(bucket, key, value));
  }

  #groupOf(bucket: CountedBucket, key: Uint8Array, value: Uint8Array): string | undefined {
    if (bucket === 'resource') return decodeTuple(key, RESOURCE_ELEMENTS_OFFSET)[0];
    if (!isGrouped(bucket)) return undefined;
    return this.#scanner.scan(bucket, value)
      ? this.#scanner.countedType()
      : countedType(decodeRecord(bucket, key, value));
  }

  /** Subtracts a record that was added before. */
  subtract(record: SyncRecord): void {
    this.#change(record, -1);
  }

  /**
   * Adds `count` records of a bucket.
   *
   * @param resourceTypeId - the type by which resources, entitlements and grants are counted.
   */
  addCount(bucket: CountedBucket, count: number, resourceTypeId = ''): void {
    this.#totals[bucket] += count;
    if (!isGrouped(bucket)) return;
    const counts = this.#byType[bucket];
    const sum = (counts.get(resourceTypeId) ?? 0) + count;
    if (sum === 0) counts.delete(resourceTypeId);
    else counts.set(resourceTypeId, sum);
  }

  /**
   * Returns the counts as statistics.
   *
   * @param writtenAt - their time; by default that of the statistics that were continued.
   */
  toRecord(syncId: string, writtenAt?: Date): SyncStatsRecord {
    const at = writtenAt === undefined ? this.#base?.writtenAt : timestampFromDate(writtenAt);
    const { resource_type, resource, entitlement, grant, asset } = this.#totals;
    return {
      ...(this.#base ?? create(SyncStatsRecordSchema)),
      syncId,
      resourceTypes: BigInt(resource_type),
      resources: BigInt(resource),
      entitlements: BigInt(entitlement),
      grants: BigInt(grant),
      assets: BigInt(asset),
      resourcesByResourceType: toBigints(this.#byType.resource),
      grantsByEntitlementResourceType: toBigints(this.#byType.grant),
      entitlementsByResourceType: toBigints(this.#byType.entitlement),
      ...(at && { writtenAt: at }),
    };
  }

  #change(record: SyncRecord, by: 1 | -1): void {
    const { bucket } = identityOf(record);
    if (isCounted(bucket)) this.addCount(bucket, by, countedType(record));
  }
}

/** The resource type by which statistics count a record; '' if it names none, or if only its bucket is counted. */
export function countedType(record: SyncRecord): string {
  switch (record.$typeName) {
    case 'c1.storage.v3.ResourceRecord':
      return record.resourceTypeId;
    case 'c1.storage.v3.EntitlementRecord':
      return record.resource?.resourceTypeId ?? '';
    case 'c1.storage.v3.GrantRecord':
      return record.entitlement?.resourceTypeId ?? '';
    default:
      return '';
  }
}

function isGrouped(bucket: CountedBucket): bucket is GroupedBucket {
  return bucket !== 'resource_type' && bucket !== 'asset';
}

function toNumbers(counts: Readonly<Record<string, bigint>> = {}): Map<string, number> {
  return new Map(Object.entries(counts).map(([type, count]) => [type, Number(count)]));
}

function toBigints(counts: ReadonlyMap<string, number>): Record<string, bigint> {
  return Object.fromEntries([...counts].map(([type, count]) => [type, BigInt(count)]));
}
