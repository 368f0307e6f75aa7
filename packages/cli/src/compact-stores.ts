// Runs the compactor for the command line, and shapes its result.
import {
  type CompactOptions,
  type CompactProgress,
  type CompactResult,
  compact,
  EmptySyncError,
} from '@sstitch/compactor';
import type { BucketLine, CompactionDocument } from './compaction-report.js';
import type { ProgressLine } from './output/progress.js';
import { formatCount, roundMs } from './output/quantities.js';

/**
 * Compacts; what was removed because the source held nothing is a result too, as the caller asked for it.
 *
 * @throws what `compact` throws
 */
export async function compactStores(options: CompactOptions): Promise<CompactResult> {
  try {
    return await compact(options);
  } catch (error) {
    if (error instanceof EmptySyncError && error.result !== undefined) return error.result;
    throw error;
  }
}

/** The result for --json. */
export function compactionDocument(result: CompactResult): CompactionDocument {
  return {
    syncs: result.syncs,
    strategy: result.strategy,
    generation: result.generation ?? null,
    buckets: result.buckets.map((bucket): BucketLine => {
      const { linked, copied, split, shared, built } = bucket.tables;
      return { ...bucket, tables: linked + copied + split + shared + built };
    }),
    durationMs: roundMs(result.durationMs),
    pauseMs: roundMs(result.pauseMs),
  };
}

/** Shows a compaction's progress on the line. */
export function showProgress(progress: ProgressLine): (event: CompactProgress) => void {
  return (event) =>
    progress.update(() =>
      event.type === 'building' ? `building: ${formatCount(event.entries)} entries` : event.type,
    );
}
