import { compareBytes, type Span } from '@sstitch/contract';
import { buildKeyPrefix } from './build-key.js';
import { prefixSpan } from './key-range.js';
import { BUCKETS, type Bucket } from './layout.js';
import { parseSyncId, type SyncIdBytes } from './sync-id.js';

/** The span of a sync in one bucket. */
export interface SyncSpan {
  /** The bucket whose keys the span holds. */
  readonly bucket: Bucket;
  /** Every key of the sync in the bucket, and no other key. */
  readonly span: Span;
}

/** The span of one sync's keys in one bucket. */
export function bucketSpan(bucket: Bucket, syncId: string | SyncIdBytes): Span {
  const bytes = typeof syncId === 'string' ? parseSyncId(syncId) : syncId;
  return prefixSpan(buildKeyPrefix(bucket, bytes, []));
}

/**
 * The 13 spans that together hold a sync, in the fixed order of the bucket table. They are disjoint, and no key
 * of another sync lies in any of them.
 *
 * @throws {@link KeysError} SSTITCH_SYNC_ID_INVALID on a text that is not a sync id.
 */
export function syncSpans(syncId: string | SyncIdBytes): readonly SyncSpan[] {
  const bytes = typeof syncId === 'string' ? parseSyncId(syncId) : syncId;
  return BUCKETS.map(({ bucket }) => ({ bucket, span: bucketSpan(bucket, bytes) }));
}

/** The same spans as {@link syncSpans}, in key order: for callers that read a store from front to back. */
export function syncSpansInKeyOrder(syncId: string | SyncIdBytes): readonly SyncSpan[] {
  return syncSpans(syncId).toSorted((a, b) => compareBytes(a.span.start, b.span.start));
}
