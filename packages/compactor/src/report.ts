// Builds the result's buckets from the change that a strategy made.
import type { OriginTotals, PurgeReport } from '@sstitch/contract';
import type { BucketResult } from './result.js';
import { inReportOrder, type SyncRange } from './sync-ranges.js';

/** The change that a strategy made to the base. */
export interface Change {
  readonly generation: number | undefined;
  readonly entries: number | undefined;
  readonly pauseMs: number;
  /** With the option `purge`. */
  readonly purge?: PurgeReport;
  /** The tables of each range in key order. Empty if there are none, or the engine does not report them. */
  readonly totals: readonly OriginTotals[];
  /** The operations on each range in key order, with the strategy `batch`. */
  readonly batchCounts: ReadonlyArray<{ readonly puts: number; readonly deletes: number }>;
}

export const noChange: Change = {
  generation: undefined,
  entries: undefined,
  pauseMs: 0,
  totals: [],
  batchCounts: [],
};

export function reportBuckets(
  rangesInKeyOrder: readonly SyncRange[],
  change: Change,
): readonly BucketResult[] {
  const keyOrder = new Map(rangesInKeyOrder.map((range, index) => [range, index]));
  return inReportOrder(rangesInKeyOrder).map((range): BucketResult => {
    const index = keyOrder.get(range) ?? -1;
    const totals = change.totals[index];
    const counts = change.batchCounts[index];
    return {
      syncId: range.syncId,
      bucket: range.bucket,
      tables: {
        linked: totals?.linked.tables ?? 0,
        copied: totals?.copied.tables ?? 0,
        split: totals?.split.tables ?? 0,
        shared: totals?.shared.tables ?? 0,
        built: totals?.built.tables ?? 0,
      },
      linkedBytes: totals?.linked.bytes ?? 0,
      copiedBytes: totals?.copied.bytes ?? 0,
      splitBytes: totals?.split.bytes ?? 0,
      sharedBytes: totals?.shared.bytes ?? 0,
      builtBytes: totals?.built.bytes ?? 0,
      puts: counts?.puts ?? 0,
      deletes: counts?.deletes ?? 0,
    };
  });
}
