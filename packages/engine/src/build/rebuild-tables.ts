// Builds tables anew of others: one run a span, without shadowed versions and deletions. The spans are divided at
// their tables' bounds into shares of like size, which worker threads take one after another.

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
 * Tables that make up a share. Small enough that threads end at about the same time, large enough that
 * shares make few more tables than there would be.
 */
const SHARE_BYTES = BUILT_TABLE_SIZE_BYTES / 2;

export interface RebuildOptions {
  readonly signal: AbortSignal | undefined;
  /** Takes the files that are written, also where the building fails. */
  readonly unsynced: UnsyncedFiles;
  /** Called after each share with how many entries are built. */
  readonly onEntries: (entries: number) => void;
  /** Whose database the tables are for. @defaultValue 'leveldb' */
  readonly purpose?: BuildPurpose | undefined;
}

interface Share extends MergeRunsInput {
  readonly spanIndex: number;
  readonly sizeBytes: number;
}

/**
 * Builds tables in `directory`, which is made, of the runs of each span, which must be all that there is of its keys.
 * These stay. What `onEntries` throws ends the building and passes through as it is.
 *
 * @throws EngineError SSTITCH_TABLES_INVALID, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function rebuildTables(
  pool: WorkerPool,
  directory: string,
  spans: readonly SpanTables[],
  { signal, unsynced, onEntries, purpose }: RebuildOptions,
): Promise<SpanTables[]> {
  const shares = spans.flatMap((span, index) => sharesOf(span, index, directory));
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
  // The largest first: what is left for the end is small then.
  const largestFirst = [...shares].sort((a, b) => b.sizeBytes - a.sizeBytes);
  const items = largestFirst.map(({ part, runs, path }) => ({ part, runs, path, purpose }));
  const merging = pool.forEach(mergeRunsToTablesTask, items, { signal, onOutput });
  const built = await merging.catch((error: unknown) => {
    throw thrown?.error ?? asEngineError(error);
  });
  const merged = new Map(built.map((tables, index) => [largestFirst[index], tables]));
  return collect(spans, shares, merged);
}

function collect(
  spans: readonly SpanTables[],
  shares: readonly Share[],
  merged: ReadonlyMap<Share | undefined, MergedRuns>,
): SpanTables[] {
  const runs = spans.map((): TableFile[] => []);
  for (const share of shares) {
    const built = merged.get(share);
    if (built === undefined) throw new Error('a share was not built');
    runs[share.spanIndex]?.push(...built.tables);
  }
  return spans.map(({ span }, index): SpanTables => {
    const run = runs[index] ?? [];
    return { span, runs: run.length === 0 ? [] : [run] };
  });
}

/** In key order. */
function sharesOf({ span, runs }: SpanTables, spanIndex: number, directory: string): Share[] {
  if (runs.length === 0) return [];
  return partsOf(span, runs).map((part, partIndex): Share => {
    const inPart = runs
      .map((run) => run.filter((table) => overlaps(part, table)))
      .filter((run) => run.length > 0);
    const sizeBytes = inPart.flat().reduce((sum, table) => sum + dataBytesOf(table), 0);
    const path = `${directory}/rebuilt-${spanIndex}-${partIndex}`;
    return { part, runs: inPart, path, spanIndex, sizeBytes };
  });
}

/** Parts a span where the tables of its largest run begin. */
function partsOf(span: Span, runs: readonly TableRun[]): Span[] {
  const [largest] = runs
    .map((run) => ({ run, sizeBytes: run.reduce((sum, table) => sum + dataBytesOf(table), 0) }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
  const parts: Span[] = [];
  let { start } = span;
  let partBytes = 0;
  for (const table of largest?.run ?? []) {
    const bound = userKeyOf(table.smallest);
    if (partBytes >= SHARE_BYTES && compareBytes(start, bound) < 0) {
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
