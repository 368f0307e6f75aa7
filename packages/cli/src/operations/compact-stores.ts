// Runs the compactor for the command line and converts its result.
import {
  type CompactOptions,
  type CompactProgress,
  type CompactResult,
  compact,
  EmptySyncError,
} from '@sstitch/compactor';
import type { CommandContext } from '../command-line/command-context.js';
import { roundMs } from '../output/quantities.js';
import type { BucketLine, CompactionDocument } from './compaction-document.js';

/**
 * Compacts. A sync that was removed because the source does not hold it is part of the result, not an error:
 * the caller asked for it.
 *
 * @throws the errors of `compact`
 */
export async function compactStores(options: CompactOptions): Promise<CompactResult> {
  try {
    return await compact(options);
  } catch (error) {
    if (error instanceof EmptySyncError && error.result !== undefined) return error.result;
    throw error;
  }
}

/** Converts the result to the document of --json. */
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

/**
 * Shows the progress of a compaction on the progress line and, with --verbose, its steps.
 *
 * @param total about how many entries there are to build, if they are built
 */
export function showProgress(
  { note, progress }: CommandContext,
  total: number,
): (event: CompactProgress) => void {
  let noted: string | undefined;
  return (event) => {
    if (event.type !== noted) note(stepOf(event));
    noted = event.type;
    progress.update(
      event.type === 'building'
        ? { doing: 'building', done: event.entries, total, unit: 'entries' }
        : { doing: event.type },
    );
  };
}

function stepOf(event: CompactProgress): string {
  switch (event.type) {
    case 'planned':
      return `planned: strategy ${event.plan.strategy}, as ${event.plan.reason}`;
    case 'committed':
      return event.generation === undefined
        ? 'committed'
        : `committed generation ${event.generation}`;
    default:
      return event.type;
  }
}
