// What a sync holds, counted from a store's entries.
import type { EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import {
  bucketLayout,
  bucketSpan,
  decodeTuple,
  parseSyncId,
  SYNC_ID_LENGTH_BYTES,
} from '@sstitch/keys';
import { decodeRecord } from './encode.js';
import type { SyncStatsRecord } from './gen/c1/storage/v3/records_pb.js';
import { RecordScanner } from './record-scanner.js';
import type { ValueBucket } from './record-types.js';
import { onSnapshot, scanPages } from './scan.js';
import { type CountedBucket, SyncCounter } from './sync-counter.js';

const RESOURCE_ELEMENTS_OFFSET = bucketLayout('resource').prefix.length + SYNC_ID_LENGTH_BYTES;

/** Options of {@link countSync}. */
export interface CountOptions {
  /** Count this state of the engine. @defaultValue the current state */
  readonly snapshot?: EngineSnapshot;
  readonly signal?: AbortSignal;
  /** The value of written_at. @defaultValue now */
  readonly writtenAt?: Date;
}

/**
 * Counts a sync in a store. Keys alone are read, and of entitlements and grants the fields that are counted.
 *
 * @throws {@link RecordsError} SSTITCH_ABORTED, or SSTITCH_RECORD_UNDECODABLE on an entitlement or a grant
 * that is none; KeysError on a resource's key that is malformed.
 */
export async function countSync(
  engine: ReadableEngine,
  syncId: string,
  options: CountOptions = {},
): Promise<SyncStatsRecord> {
  const bytes = parseSyncId(syncId);
  const counter = new SyncCounter();
  const scanner = new RecordScanner();
  const { snapshot: given, signal } = options;
  await onSnapshot(engine, given, async (snapshot) => {
    const pagesOf = (bucket: ValueBucket, values: boolean) =>
      scanPages(engine, bucketSpan(bucket, bytes), { snapshot, signal, values });
    for (const bucket of ['resource_type', 'asset'] as const) {
      for await (const page of pagesOf(bucket, false)) counter.addCount(bucket, page.length);
    }
    for (const bucket of ['resource', 'entitlement', 'grant'] as const) {
      for await (const page of pagesOf(bucket, bucket !== 'resource')) {
        for (const [key, value] of page) countEntry(counter, bucket, key, value);
      }
    }
  });
  return counter.toRecord(syncId, options.writtenAt ?? new Date());
}

/**
 * Counts one stored record. Of its value one field is decoded, and that of entitlements and grants alone.
 *
 * @throws {@link RecordsError} SSTITCH_RECORD_UNDECODABLE on an entitlement or a grant that is no message; KeysError
 * on a resource's key that is malformed.
 */
export function countEntry(
  counter: SyncCounter,
  bucket: CountedBucket,
  key: Uint8Array,
  value: Uint8Array,
): void {
  counter.addCount(bucket, 1, groupOf(bucket, key, value));
}

function groupOf(bucket: CountedBucket, key: Uint8Array, value: Uint8Array): string | undefined {
  switch (bucket) {
    case 'resource':
      return decodeTuple(key, RESOURCE_ELEMENTS_OFFSET)[0];
    case 'entitlement':
    case 'grant':
      return resourceTypeOf(bucket, key, value);
    default:
      return undefined;
  }
}

/** One field of a record, without decoding the others: a sync has millions of grants. */
function resourceTypeOf(
  bucket: keyof typeof RESOURCE_TYPE_FIELDS,
  key: Uint8Array,
  value: Uint8Array,
): string {
  const [outer, inner] = RESOURCE_TYPE_FIELDS[bucket];
  try {
    const reference = bytesField(value, outer);
    const type = reference && bytesField(reference, inner);
    return type === undefined ? '' : UTF8.decode(type);
  } catch (cause) {
    throw undecodable(bucket, key, cause);
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
