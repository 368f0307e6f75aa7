// Runs the compactor for the command line, and shapes its result.
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

/** Shows a compaction's progress on the line, and its steps with --verbose. */
export function showProgress({ note, progress }: CommandContext): (event: CompactProgress) => void {
  let noted: string | undefined;
  return (event) => {
    if (event.type !== noted) note(stepOf(event));
    noted = event.type;
    progress.update(
      event.type === 'building'
        ? { doing: 'building', done: event.entries, unit: 'entries' }
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
