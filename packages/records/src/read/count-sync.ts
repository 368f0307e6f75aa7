// Counts the records of a sync from the entries of a store.
import type { EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import { bucketSpan, parseSyncId } from '@sstitch/keys';
import type { SyncStatsRecord } from '../gen/c1/storage/v3/records_pb.js';
import type { ValueBucket } from '../record-types.js';
import { SyncCounter } from '../statistics/sync-counter.js';
import { onSnapshot, scanPages } from './scan.js';

/** Options of {@link countSync}. */
export interface CountOptions {
  /** Count this state of the engine. @defaultValue the current state */
  readonly snapshot?: EngineSnapshot;
  /** Ends the count with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal;
  /** The value of written_at. @defaultValue now */
  readonly writtenAt?: Date;
}

/**
 * Counts a sync in a store. Reads only keys and, of entitlements and grants, the counted field.
 *
 * @throws {@link RecordsError} SSTITCH_ABORTED, or SSTITCH_RECORD_UNDECODABLE on an entitlement or a grant
 * that is not one; KeysError on a malformed key of a resource.
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
        for (const [key, value] of page) counter.addEntry(bucket, key, value);
      }
    }
  });
  return counter.toRecord(syncId, options.writtenAt ?? new Date());
}
