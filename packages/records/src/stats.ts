// What a sync holds, counted: from a store's entries, or from records as they are loaded.

import { create } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ReadableEngine } from '@sstitch/contract';
import {
  bucketLayout,
  bucketSpan,
  decodeTuple,
  parseSyncId,
  SYNC_ID_LENGTH_BYTES,
} from '@sstitch/keys';
import { undecodable } from './encode.js';
import {
  EntitlementRefSchema,
  GrantRecordSchema,
  type SyncStatsRecord,
  SyncStatsRecordSchema,
} from './gen/c1/storage/v3/records_pb.js';
import { identityOf, type SyncRecord, type ValueBucket } from './record-types.js';
import { type EngineSnapshot, scanPages } from './scan.js';

const RESOURCE_ELEMENTS_OFFSET = bucketLayout('resource').prefix.length + SYNC_ID_LENGTH_BYTES;
const GRANT_ENTITLEMENT = GrantRecordSchema.field.entitlement.number;
const ENTITLEMENT_RESOURCE_TYPE = EntitlementRefSchema.field.resourceTypeId.number;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Counts records of one sync; each record is to be added once. */
export class SyncCounter {
  readonly #totals = new Map<ValueBucket, number>();
  readonly #resources = new Map<string, number>();
  readonly #grants = new Map<string, number>();

  /** Adds a record. */
  add(record: SyncRecord): void {
    if (record.$typeName === 'c1.storage.v3.ResourceRecord') {
      this.addResource(record.resourceTypeId);
    } else if (record.$typeName === 'c1.storage.v3.GrantRecord') {
      this.addGrant(record.entitlement?.resourceTypeId ?? '');
    } else {
      this.#addTotal(identityOf(record).bucket, 1);
    }
  }

  /** Adds records of a type that is only totalled. */
  addTotal(bucket: 'resource_type' | 'entitlement' | 'asset', count: number): void {
    this.#addTotal(bucket, count);
  }

  /** Adds a resource of this type. */
  addResource(resourceTypeId: string): void {
    this.#addTotal('resource', 1);
    increase(this.#resources, resourceTypeId, 1);
  }

  /** Adds a grant of an entitlement on a resource of this type; '' where it names none. */
  addGrant(entitlementResourceTypeId: string): void {
    this.#addTotal('grant', 1);
    increase(this.#grants, entitlementResourceTypeId, 1);
  }

  /** The counts as the record that a sync ends with. */
  toRecord(syncId: string, writtenAt: Date): SyncStatsRecord {
    const total = (bucket: ValueBucket): bigint => BigInt(this.#totals.get(bucket) ?? 0);
    return create(SyncStatsRecordSchema, {
      syncId,
      resourceTypes: total('resource_type'),
      resources: total('resource'),
      entitlements: total('entitlement'),
      grants: total('grant'),
      assets: total('asset'),
      resourcesByResourceType: toBigints(this.#resources),
      grantsByEntitlementResourceType: toBigints(this.#grants),
      writtenAt: timestampFromDate(writtenAt),
    });
  }

  #addTotal(bucket: ValueBucket, count: number): void {
    increase(this.#totals, bucket, count);
  }
}

/** What {@link countSync} may be told. */
export interface CountOptions {
  /** Count this state of the engine. @defaultValue the state now */
  readonly snapshot?: EngineSnapshot;
  readonly signal?: AbortSignal;
  /** For written_at. @defaultValue now */
  readonly writtenAt?: Date;
}

/**
 * Counts a sync in a store. Keys alone are read, and of each grant one field.
 *
 * @throws {@link RecordsError} SSTITCH_ABORTED, or SSTITCH_RECORD_UNDECODABLE on a grant that is no message;
 * KeysError on a resource's key that is malformed.
 */
export async function countSync(
  engine: ReadableEngine,
  syncId: string,
  options: CountOptions = {},
): Promise<SyncStatsRecord> {
  const bytes = parseSyncId(syncId);
  const counter = new SyncCounter();
  const snapshot = options.snapshot ?? engine.snapshot();
  try {
    const pagesOf = (bucket: ValueBucket, values: boolean) =>
      scanPages(engine, bucketSpan(bucket, bytes), { snapshot, signal: options.signal, values });
    for (const bucket of ['resource_type', 'entitlement', 'asset'] as const) {
      for await (const page of pagesOf(bucket, false)) counter.addTotal(bucket, page.length);
    }
    for await (const page of pagesOf('resource', false)) {
      for (const [key] of page) {
        counter.addResource(decodeTuple(key, RESOURCE_ELEMENTS_OFFSET)[0] ?? '');
      }
    }
    for await (const page of pagesOf('grant', true)) {
      for (const [key, value] of page) counter.addGrant(entitlementResourceType(key, value));
    }
  } finally {
    if (options.snapshot === undefined) await snapshot.close();
  }
  return counter.toRecord(syncId, options.writtenAt ?? new Date());
}

/** One field of a grant, without decoding the others: a sync has millions of grants. */
function entitlementResourceType(key: Uint8Array, grant: Uint8Array): string {
  try {
    const entitlement = bytesField(grant, GRANT_ENTITLEMENT);
    const type = entitlement && bytesField(entitlement, ENTITLEMENT_RESOURCE_TYPE);
    return type === undefined ? '' : UTF8.decode(type);
  } catch (cause) {
    throw undecodable('grant', key, cause);
  }
}

function bytesField(message: Uint8Array, wanted: number): Uint8Array | undefined {
  const reader = new BinaryReader(message);
  let found: Uint8Array | undefined;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === wanted && wireType === WireType.LengthDelimited) found = reader.bytes();
    else reader.skip(wireType, field);
  }
  return found;
}

function increase<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function toBigints(counts: Map<string, number>): Record<string, bigint> {
  return Object.fromEntries([...counts].map(([key, count]) => [key, BigInt(count)]));
}
