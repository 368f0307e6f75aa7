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
import { type CountedBucket, countedType, SyncCounter } from './sync-counter.js';

/** Holds nothing from one record to the next that matters. */
const scanner = new RecordScanner();
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
 * Counts one stored record. Of values, those of entitlements and grants alone are looked at.
 *
 * @throws {@link RecordsError} SSTITCH_RECORD_UNDECODABLE on an entitlement or a grant that is none; KeysError
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
      return scanner.scan(bucket, value)
        ? scanner.countedType()
        : countedType(decodeRecord(bucket, key, value));
    default:
      return undefined;
  }
}
