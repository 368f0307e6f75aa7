// The key ranges of the syncs of one compaction: 13 disjoint ranges for each sync.
import { compareBytes, type Span } from '@sstitch/contract';
import { type Bucket, syncSpans } from '@sstitch/keys';

export interface SyncRange {
  readonly syncId: string;
  readonly bucket: Bucket;
  readonly span: Span;
  /** The position in reports: syncs as in `syncIds`, buckets in the order of @sstitch/keys' table. */
  readonly position: number;
}

/** Returns the ranges of all syncs in key order, which engines require of spans. */
export function rangesInKeyOrder(syncIds: readonly string[]): readonly SyncRange[] {
  return syncIds
    .flatMap((syncId) => syncSpans(syncId).map((part) => ({ syncId, ...part })))
    .map((range, position): SyncRange => ({ ...range, position }))
    .sort((a, b) => compareBytes(a.span.start, b.span.start));
}

/** Returns ranges in the order of reports. */
export function inReportOrder(ranges: readonly SyncRange[]): readonly SyncRange[] {
  return [...ranges].sort((a, b) => a.position - b.position);
}
