// The report of compact and drop, which has one shape for both.
import { syncSpans } from '@sstitch/keys';
import { roundMs } from '../output/quantities.js';
import type { StoreCommit } from '../stores/byte-store.js';

/** What a compaction did to one sync in one bucket, for --json. */
export interface BucketLine {
  readonly syncId: string;
  readonly bucket: string;
  /** Tables of all origins that were ingested. */
  readonly tables: number;
  readonly linkedBytes: number;
  readonly copiedBytes: number;
  readonly splitBytes: number;
  readonly sharedBytes: number;
  readonly builtBytes: number;
  /** Entries written and deleted one by one; only with strategy `batch`. */
  readonly puts: number;
  readonly deletes: number;
}

/** A compaction for --json. */
export interface CompactionDocument {
  readonly syncs: readonly string[];
  readonly strategy: string;
  /** The store's new generation; null if the compaction made none. */
  readonly generation: number | null;
  readonly buckets: readonly BucketLine[];
  readonly durationMs: number;
  readonly pauseMs: number;
}

/** The lines of a commit that ingested nothing. */
function emptyBuckets(syncIds: readonly string[]): BucketLine[] {
  return syncIds.flatMap((syncId) =>
    syncSpans(syncId).map(({ bucket }) => ({
      syncId,
      bucket,
      tables: 0,
      linkedBytes: 0,
      copiedBytes: 0,
      splitBytes: 0,
      sharedBytes: 0,
      builtBytes: 0,
      puts: 0,
      deletes: 0,
    })),
  );
}

/** Converts the report of an excision to the document of --json. */
export function excisionDocument(
  syncIds: readonly string[],
  report: StoreCommit,
  durationMs: number,
): CompactionDocument {
  return {
    syncs: syncIds,
    strategy: 'excise',
    generation: report.generation ?? null,
    buckets: emptyBuckets(syncIds),
    durationMs: roundMs(durationMs),
    pauseMs: roundMs(report.pauseMs),
  };
}
