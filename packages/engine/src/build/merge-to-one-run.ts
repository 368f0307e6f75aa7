// Merges many runs into one run for each span. Worker threads merge the tables that overlap others or straddle a span's
// bound; the other tables stay as they are. Many runs are merged in rounds, which bounds memory and open files.

import { complementOfSpans, type Span } from '@sstitch/contract';
import { EngineError } from '../errors.js';
import { spansOverlapping } from '../spans.js';
import type { SpanTables, TableFile, TableRun } from '../tables/table-set.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { findKeyInTask, findRepeatedKeyTask } from './find-refused-key.js';
import { type OverlapRange, overlapRanges } from './overlapping-tables.js';
import { rebuildTables } from './rebuild-tables.js';

/** The limit of runs in one merge, which keeps an open table, a block and a read buffer for each. */
const MAX_MERGED_RUNS = 64;

/** The context of a merge. */
export interface Merging {
  readonly pool: WorkerPool;
  /** The files of the runs. Afterwards, the files of the merged runs. */
  readonly unsynced: UnsyncedFiles;
  readonly signal: AbortSignal;
  /**
   * Called from time to time with the number of entries merged so far, and that of entries to merge, in all rounds up to
   * this one.
   */
  readonly onEntries: (merged: number, ofEntries: number) => void;
}

interface RoundMerging extends Omit<Merging, 'onEntries'> {
  /** Called from time to time with the number of entries merged so far in this round. */
  readonly onEntries: (merged: number) => void;
}

interface Group {
  readonly spanIndex: number;
  readonly ranges: readonly OverlapRange[];
}

/**
 * Merges runs into one run for each span.
 *
 * @param directory a prefix of the directories that are made for merged tables
 * @param spans sorted and disjoint
 * @param runs runs of built tables, whose `entries` are known
 * @throws EngineError SSTITCH_ENTRIES_INVALID, with the key, if two entries have the same key or an entry lies outside
 * the spans; SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
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
  let before = 0;
  let merged: readonly SpanTables[] = distributeToSpans(spans, runs);
  for (let round = 1; round === 1 || merged.some((one) => one.runs.length > 1); round++) {
    const groups = merged.flatMap(groupsOf);
    const place = `${directory}-${round}`;
    const start = before;
    before += entriesOf([...new Set(mergesOf(groups).flatMap(({ runs }) => runs.flat()))]);
    const ofEntries = before;
    const onEntries = (count: number) => merging.onEntries(start + count, ofEntries);
    merged = await mergeRound({ ...merging, onEntries }, place, spans, groups);
    const left = merged.flatMap((one) => one.runs.flat());
    unsynced.keepOnly(new Set(left.map(({ path }) => path)));
    // A merge drops entries with a repeated key and entries outside the spans, so the counts show them.
    if (entriesOf(left) === entries) continue;
    const outside = { spans: complementOfSpans(spans), tables };
    const key = await pool.run(findKeyInTask, outside, { signal });
    if (key !== undefined) throw outsideError(key);
    throw repeatedError(await repeatedKeyOf(merging, groups));
  }
  return merged;
}

/** Assigns the tables of each run to the spans that they overlap. */
function distributeToSpans(spans: readonly Span[], runs: readonly TableRun[]): SpanTables[] {
  const runsOf = new Map(spans.map((span) => [span, [] as TableRun[]]));
  for (const run of runs) {
    const tablesOf = new Map<Span, TableFile[]>();
    for (const table of run) {
      for (const span of spansOverlapping(spans, table)) {
        tablesOf.set(span, [...(tablesOf.get(span) ?? []), table]);
      }
    }
    for (const [span, tables] of tablesOf) runsOf.get(span)?.push(tables);
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
  merging: RoundMerging,
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
  { pool, unsynced, signal, onEntries }: RoundMerging,
  directory: string,
  groups: readonly Group[],
): Promise<Map<OverlapRange, TableRun>> {
  const ranges = mergesOf(groups);
  const merged = new Map<OverlapRange, TableRun>();
  if (ranges.length === 0) return merged;
  // Rebuild each part as if it were a span.
  const parts = ranges.map(({ part, runs }): SpanTables => ({ span: part, runs }));
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
