// Rebuilds tables: merges the runs of each span into one run of new tables, without shadowed versions and tombstones.
// The spans are divided at bounds of their tables into parts of similar size, which worker threads build.

import { compareBytes, type Span } from '@sstitch/contract';
import { userKeyOf } from '@sstitch/sst';
import { mkdirTask } from '../store-directory/store-files.js';
import type { SpanTables, TableFile, TableRun } from '../tables/table-set.js';
import { asEngineError } from '../threads/task-errors.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { BUILT_TABLE_SIZE_BYTES } from './build-tables.js';
import {
  type BuildPurpose,
  type MergedRuns,
  type MergeRunsInput,
  mergeRunsToTablesTask,
} from './merge-runs.js';

/**
 * The size of a part: small, so that all threads end at about the same time, but large enough that the division adds
 * few tables.
 */
const PART_BYTES = BUILT_TABLE_SIZE_BYTES / 2;

export interface RebuildOptions {
  readonly signal: AbortSignal | undefined;
  /** Collects the files that are written, even if the rebuild fails. */
  readonly unsynced: UnsyncedFiles;
  /** Called after each part with the number of entries built so far. */
  readonly onEntries: (entries: number) => void;
  /** The database that the tables are for. @defaultValue 'leveldb' */
  readonly purpose?: BuildPurpose | undefined;
}

interface Part extends MergeRunsInput {
  readonly spanIndex: number;
  readonly sizeBytes: number;
}

/**
 * Builds tables in `directory`, which it makes. What `onEntries` throws ends the rebuild and passes through.
 *
 * @param spans the spans with all runs that hold their keys, since tombstones are dropped. The tables are not changed
 * @throws EngineError SSTITCH_TABLES_INVALID, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function rebuildTables(
  pool: WorkerPool,
  directory: string,
  spans: readonly SpanTables[],
  { signal, unsynced, onEntries, purpose }: RebuildOptions,
): Promise<SpanTables[]> {
  const parts = spans.flatMap((span, index) => partsOf(span, index, directory));
  const run = <T>(task: Promise<T>): Promise<T> =>
    task.catch((error: unknown) => {
      throw asEngineError(error);
    });
  let entries = 0;
  let thrown: { readonly error: unknown } | undefined;
  const onOutput = (built: MergedRuns) => {
    unsynced.takeFrom(built);
    entries += built.entries;
    if (thrown !== undefined) return;
    try {
      onEntries(entries);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  await run(pool.run(mkdirTask, { directory }, { signal }));
  // The largest parts first, so that only small ones are left at the end.
  const largestFirst = [...parts].sort((a, b) => b.sizeBytes - a.sizeBytes);
  const items = largestFirst.map(({ part, runs, path }) => ({ part, runs, path, purpose }));
  const merging = pool.forEach(mergeRunsToTablesTask, items, { signal, onOutput });
  const built = await merging.catch((error: unknown) => {
    throw thrown?.error ?? asEngineError(error);
  });
  const merged = new Map(built.map((tables, index) => [largestFirst[index], tables]));
  return collect(spans, parts, merged);
}

function collect(
  spans: readonly SpanTables[],
  parts: readonly Part[],
  merged: ReadonlyMap<Part | undefined, MergedRuns>,
): SpanTables[] {
  const runs = spans.map((): TableFile[] => []);
  for (const part of parts) {
    const built = merged.get(part);
    if (built === undefined) throw new Error('a part was not built');
    runs[part.spanIndex]?.push(...built.tables);
  }
  return spans.map(({ span }, index): SpanTables => {
    const run = runs[index] ?? [];
    return { span, runs: run.length === 0 ? [] : [run] };
  });
}

/** Returns the parts of a span in key order. */
function partsOf({ span, runs }: SpanTables, spanIndex: number, directory: string): Part[] {
  if (runs.length === 0) return [];
  return divideSpan(span, runs).map((part, partIndex): Part => {
    const inPart = runs
      .map((run) => run.filter((table) => overlaps(part, table)))
      .filter((run) => run.length > 0);
    const sizeBytes = inPart.flat().reduce((sum, table) => sum + dataBytesOf(table), 0);
    const path = `${directory}/rebuilt-${spanIndex}-${partIndex}`;
    return { part, runs: inPart, path, spanIndex, sizeBytes };
  });
}

/** Divides a span at first keys of the tables of its largest run. */
function divideSpan(span: Span, runs: readonly TableRun[]): Span[] {
  const [largest] = runs
    .map((run) => ({ run, sizeBytes: run.reduce((sum, table) => sum + dataBytesOf(table), 0) }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
  const parts: Span[] = [];
  let { start } = span;
  let partBytes = 0;
  for (const table of largest?.run ?? []) {
    const bound = userKeyOf(table.smallest);
    if (partBytes >= PART_BYTES && compareBytes(start, bound) < 0) {
      parts.push({ start, end: bound });
      start = bound;
      partBytes = 0;
    }
    partBytes += dataBytesOf(table);
  }
  return [...parts, { start, end: span.end }];
}

function overlaps({ start, end }: Span, { smallest, largest }: TableFile): boolean {
  if (compareBytes(userKeyOf(largest), start) < 0) return false;
  return end === undefined || compareBytes(userKeyOf(smallest), end) < 0;
}

function dataBytesOf({ dataBytes, sizeBytes }: TableFile): number {
  return dataBytes ?? sizeBytes;
}
