// Makes one run of many: what overlaps is merged by worker threads, tables that overlap nothing stay as
// they are. Many runs are merged in rounds, so that memory and open files are bounded.

import type { Span } from '@sstitch/contract';
import type { SpanTables, TableRun } from '../tables/table-set.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { BUILT_SEQUENCE } from './build-tables.js';
import { findRepeatedKeyTask } from './find-repeated-key.js';
import { type OverlapRange, overlapRanges } from './overlapping-tables.js';
import { rebuildTables } from './rebuild-tables.js';

/** Runs that are merged at a time: of each, a table is open, with a block and a read buffer in memory. */
const MAX_MERGED_RUNS = 64;

export interface MergedToOne {
  /** One run a span; an empty one where it had none. */
  readonly runs: readonly TableRun[];
  /** A key that two runs have: then the runs are of no use. */
  readonly repeatedKey: Uint8Array | undefined;
}

interface Group {
  readonly spanIndex: number;
  readonly entries: number;
  readonly ranges: readonly OverlapRange[];
}

/**
 * Merges the runs of each span; their tables say how many entries they have.
 *
 * @param directory made where it is needed
 * @throws EngineError SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function mergeToOneRun(
  pool: WorkerPool,
  directory: string,
  runsBySpan: ReadonlyArray<readonly TableRun[]>,
  signal: AbortSignal,
): Promise<MergedToOne> {
  let runs = runsBySpan;
  for (let round = 1; runs.some((ofSpan) => ofSpan.length > 1); round++) {
    const groups = runs.flatMap((ofSpan, spanIndex) => groupsOf(ofSpan, spanIndex));
    const merged = await mergeRanges(pool, `${directory}-${round}`, groups, signal);
    const next = runs.map((): TableRun[] => []);
    for (const { spanIndex, entries, ranges } of groups) {
      const run = ranges.flatMap((range) =>
        range.kind === 'keep' ? [range.table] : (merged.get(range) ?? []),
      );
      // A merge has each key once.
      if (entriesOf(run) !== entries) {
        const repeatedKey = await repeatedKeyOf(pool, ranges, signal);
        return { runs: [], repeatedKey };
      }
      next[spanIndex]?.push(run);
    }
    runs = next;
  }
  return { runs: runs.map(([only = []]) => only), repeatedKey: undefined };
}

function groupsOf(runs: readonly TableRun[], spanIndex: number): Group[] {
  const groups: Group[] = [];
  for (let at = 0; at < runs.length; at += MAX_MERGED_RUNS) {
    const group = runs.slice(at, at + MAX_MERGED_RUNS);
    const entries = group.reduce((sum, run) => sum + entriesOf(run), 0);
    groups.push({ spanIndex, entries, ranges: overlapRanges(group) });
  }
  return groups;
}

async function mergeRanges(
  pool: WorkerPool,
  directory: string,
  groups: readonly Group[],
  signal: AbortSignal,
): Promise<Map<OverlapRange, TableRun>> {
  const ranges = groups.flatMap((group) => group.ranges).filter(({ kind }) => kind === 'merge');
  const merged = new Map<OverlapRange, TableRun>();
  if (ranges.length === 0) return merged;
  // Each part as if it were a span: its tables are shared out among the threads.
  const spans = ranges.flatMap((range): SpanTables[] =>
    range.kind === 'merge' ? [{ span: range.part, runs: range.runs }] : [],
  );
  const overlapping = { spans, lastSequence: Number(BUILT_SEQUENCE), totals: [] };
  const onEntries = () => undefined;
  const rebuilt = await rebuildTables(pool, directory, overlapping, { signal, onEntries });
  for (const [index, range] of ranges.entries()) {
    merged.set(range, rebuilt.spans[index]?.runs.flat() ?? []);
  }
  return merged;
}

async function repeatedKeyOf(
  pool: WorkerPool,
  ranges: readonly OverlapRange[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  for (const range of ranges) {
    if (range.kind === 'keep') continue;
    const { part, runs }: { part: Span; runs: readonly TableRun[] } = range;
    const key = await pool.run(findRepeatedKeyTask, { part, runs }, { signal });
    if (key !== undefined) return key;
  }
  throw new Error('a merge lost an entry');
}

function entriesOf(run: TableRun): number {
  return run.reduce((sum, { entries = 0 }) => sum + entries, 0);
}
