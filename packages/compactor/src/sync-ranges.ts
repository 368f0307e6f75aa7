// Where the syncs of one compaction lie: 13 ranges each, all disjoint.
import { compareBytes, type Span } from '@sstitch/contract';
import { type Bucket, syncSpans } from '@sstitch/keys';

export interface SyncRange {
  readonly syncId: string;
  readonly bucket: Bucket;
  readonly span: Span;
  /** Where it stands in reports: syncs as given, buckets in the fixed order. */
  readonly position: number;
}

/** The ranges of all syncs, sorted by key: the order in which an engine takes spans. */
export function rangesInKeyOrder(syncIds: readonly string[]): readonly SyncRange[] {
  return syncIds
    .flatMap((syncId) => syncSpans(syncId).map((part) => ({ syncId, ...part })))
    .map((range, position): SyncRange => ({ ...range, position }))
    .sort((a, b) => compareBytes(a.span.start, b.span.start));
}

/** The same ranges in the order of reports. */
export function inReportOrder(ranges: readonly SyncRange[]): readonly SyncRange[] {
  return [...ranges].sort((a, b) => a.position - b.position);
}
