// Makes one run a span of many runs: tables that overlap, or straddle a span's bound, are merged by worker threads,
// the others stay as they are. Many runs are merged in rounds, so that memory and open files are bounded.

import { complementOfSpans, type Span } from '@sstitch/contract';
import { EngineError } from '../errors.js';
import { spansOverlapping } from '../spans.js';
import type { SpanTables, TableFile, TableRun } from '../tables/table-set.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { findKeyInTask, findRepeatedKeyTask } from './find-refused-key.js';
import { type OverlapRange, overlapRanges } from './overlapping-tables.js';
import { rebuildTables } from './rebuild-tables.js';

/** Runs that are merged at a time: of each, a table is open, with a block and a read buffer in memory. */
const MAX_MERGED_RUNS = 64;

/** What a merge works with. */
export interface Merging {
  readonly pool: WorkerPool;
  /** The files of the runs, of which those of the one run are left. */
  readonly unsynced: UnsyncedFiles;
  readonly signal: AbortSignal;
}

interface Group {
  readonly spanIndex: number;
  readonly ranges: readonly OverlapRange[];
}

/**
 * Merges runs, whose tables tell how many entries they have, into one run a span.
 *
 * @param directory made where it is needed
 * @param spans sorted and disjoint
 * @throws EngineError SSTITCH_ENTRIES_INVALID, with the key, where two entries have one, or one lies in no span;
 * SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function mergeToOneRun(
  merging: Merging,
  directory: string,
  spans: readonly Span[],
  runs: readonly TableRun[],
): Promise<readonly SpanTables[]> {
  const { pool, unsynced, signal } = merging;
  const tables = runs.flat();
  const entries = entriesOf(tables);
  let merged: readonly SpanTables[] = dealToSpans(spans, runs);
  for (let round = 1; round === 1 || merged.some((one) => one.runs.length > 1); round++) {
    const groups = merged.flatMap(groupsOf);
    merged = await mergeRound(merging, `${directory}-${round}`, spans, groups);
    const left = merged.flatMap((one) => one.runs.flat());
    unsynced.keepOnly(new Set(left.map(({ path }) => path)));
    // A merge keeps one entry of each key, and of a table what lies in the span.
    if (entriesOf(left) === entries) continue;
    const outside = { spans: complementOfSpans(spans), tables };
    const key = await pool.run(findKeyInTask, outside, { signal });
    if (key !== undefined) throw outsideError(key);
    throw repeatedError(await repeatedKeyOf(merging, groups));
  }
  return merged;
}

/** The tables of each run that each span has entries in, or may have. */
function dealToSpans(spans: readonly Span[], runs: readonly TableRun[]): SpanTables[] {
  const runsOf = new Map(spans.map((span) => [span, [] as TableRun[]]));
  for (const run of runs) {
    const dealt = new Map<Span, TableFile[]>();
    for (const table of run) {
      for (const span of spansOverlapping(spans, table)) {
        dealt.set(span, [...(dealt.get(span) ?? []), table]);
      }
    }
    for (const [span, tables] of dealt) runsOf.get(span)?.push(tables);
  }
  return spans.map((span) => ({ span, runs: runsOf.get(span) ?? [] }));
}

function groupsOf({ span, runs }: SpanTables, spanIndex: number): Group[] {
  const groups: Group[] = [];
  for (let at = 0; at < runs.length; at += MAX_MERGED_RUNS) {
    groups.push({ spanIndex, ranges: overlapRanges(runs.slice(at, at + MAX_MERGED_RUNS), span) });
  }
  return groups;
}

async function mergeRound(
  merging: Merging,
  directory: string,
  spans: readonly Span[],
  groups: readonly Group[],
): Promise<SpanTables[]> {
  const merged = await mergeRanges(merging, directory, groups);
  const runs = spans.map((): TableRun[] => []);
  for (const { spanIndex, ranges } of groups) {
    const run = ranges.flatMap((range) =>
      range.kind === 'keep' ? [range.table] : (merged.get(range) ?? []),
    );
    if (run.length > 0) runs[spanIndex]?.push(run);
  }
  return spans.map((span, index) => ({ span, runs: runs[index] ?? [] }));
}

async function mergeRanges(
  { pool, unsynced, signal }: Merging,
  directory: string,
  groups: readonly Group[],
): Promise<Map<OverlapRange, TableRun>> {
  const ranges = mergesOf(groups);
  const merged = new Map<OverlapRange, TableRun>();
  if (ranges.length === 0) return merged;
  // Each part as if it were a span: its tables are shared out among the threads.
  const parts = ranges.map(({ part, runs }): SpanTables => ({ span: part, runs }));
  const onEntries = () => undefined;
  const rebuilt = await rebuildTables(pool, directory, parts, { signal, unsynced, onEntries });
  for (const [index, range] of ranges.entries()) {
    merged.set(range, rebuilt[index]?.runs.flat() ?? []);
  }
  return merged;
}

async function repeatedKeyOf(
  { pool, signal }: Merging,
  groups: readonly Group[],
): Promise<Uint8Array> {
  for (const { part, runs } of mergesOf(groups)) {
    const key = await pool.run(findRepeatedKeyTask, { part, runs }, { signal });
    if (key !== undefined) return key;
  }
  throw new Error('a merge lost an entry');
}

function mergesOf(groups: readonly Group[]) {
  return groups.flatMap(({ ranges }) => ranges.filter((range) => range.kind === 'merge'));
}

function outsideError(key: Uint8Array): EngineError {
  const hex = Buffer.from(key).toString('hex');
  return new EngineError('SSTITCH_ENTRIES_INVALID', `an entry lies outside the spans: ${hex}`);
}

export function repeatedError(key: Uint8Array): EngineError {
  const hex = Buffer.from(key).toString('hex');
  return new EngineError('SSTITCH_ENTRIES_INVALID', `two entries have the key ${hex}`, { key });
}

function entriesOf(tables: TableRun): number {
  return tables.reduce((sum, { entries = 0 }) => sum + entries, 0);
}
