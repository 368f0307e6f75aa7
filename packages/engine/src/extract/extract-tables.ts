// Extracts the tables that hold a store's entries in the spans: links those that lie inside a span, and splits those
// that straddle a bound (tables/split-table.ts). It works in worker threads, while the store is in use.
//
// It returns before the new files are fsynced and before the linked tables are checked (`IncomingTables`): a commit
// fsyncs all its files at once, and does other work while the checks run.

import type { Span } from '@sstitch/contract';
import { removeOwnDirectory } from '../store-directory/remove-directory.js';
import { ExtractedTables } from '../tables/extracted-tables.js';
import type { SplitPolicy } from '../tables/split-policy.js';
import {
  runTableJobs,
  type SplitJob,
  type TableJob,
  type TableOutcome,
} from '../tables/table-jobs.js';
import { MAX_RUNS, type SpanTables, type TableFile } from '../tables/table-set.js';
import { asEngineError } from '../threads/task-errors.js';
import { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import {
  type LinkedExtract,
  type LinkedTable,
  type LinkRequest,
  linkForExtractTask,
} from './link-for-extract.js';
import { limitRuns } from './merge-newest-runs.js';

/** One extract. */
export interface ExtractRequest extends LinkRequest {
  /** How to split tables. `COPY_PARTS` for a database that this process does not own. */
  readonly policy: SplitPolicy;
  /** Whether to read in full every table that holds a part of the spans, and refuse a damaged one. */
  readonly verify: boolean;
}

/** The flags of splits for another store: parts are checked, and hold nothing outside their span. */
const INCOMING = {
  isOwn: false,
  mayStayWhole: false,
  purge: false,
  keepsLink: false,
} as const;

/** Runs one extract; see the top of this file. A failure removes the directory that it made. */
export async function extractTables(
  pool: WorkerPool,
  { policy, verify, ...request }: ExtractRequest,
  signal: AbortSignal | undefined,
): Promise<ExtractedTables> {
  const { lastSequence, groups } = await pool.run(linkForExtractTask, request, { signal });
  const splits: SplitJob[] = [];
  const checks: TableJob[] = [];
  for (const { path, origin, table, spanIndex, parts } of groups.flat()) {
    const { sizeBytes } = table;
    if (spanIndex !== undefined) checks.push({ kind: 'check', path, origin, recorded: table });
    else splits.push({ kind: 'split', path, origin, sizeBytes, parts, ...INCOMING });
  }
  const options = { policy, verify };
  const unsynced = new UnsyncedFiles(pool);
  const failing = new AbortController();
  const ending = AbortSignal.any([failing.signal, ...(signal ? [signal] : [])]);
  const splitting = runTableJobs(pool, splits, unsynced, options, ending);
  // The checks run in the background, so that the splits and the next steps of a commit go first.
  const checkOptions = { ...options, background: true };
  const checking = runTableJobs(pool, checks, unsynced, checkOptions, ending).catch(
    (error: unknown) => {
      throw asEngineError(error);
    },
  );
  // It may fail before it is awaited, and without a commit it is never awaited.
  checking.catch(() => undefined);
  try {
    const outcomes = await splitting;
    const runs = runsOf(request.spans, groups, outcomes);
    const isMerged = runs.some(({ length }) => length > MAX_RUNS);
    // A merge unlinks its inputs, which must be checked before.
    if (isMerged) await checking;
    const spans: SpanTables[] = [];
    for (const [index, span] of request.spans.entries()) {
      const path = `${request.targetDirectory}/merged-${index}.part`;
      const limited = await limitRuns(pool, path, runs[index] ?? [], unsynced, signal);
      spans.push({ span, runs: limited });
    }
    const pending = isMerged || checks.length === 0 ? {} : { checking };
    return new ExtractedTables({ spans, lastSequence, unsynced, ...pending });
  } catch (error) {
    failing.abort();
    // Wait until nothing writes to the directory.
    await Promise.allSettled([splitting, checking]);
    unsynced.close();
    await removeOwnDirectory(pool, request.targetDirectory, signal).catch(() => undefined);
    throw error;
  }
}

/** Returns the runs of each span, oldest first. */
function runsOf(
  spans: readonly Span[],
  groups: LinkedExtract['groups'],
  outcomes: readonly TableOutcome[],
): readonly TableFile[][][] {
  const runs = spans.map((): TableFile[][] => []);
  let next = 0;
  for (const group of groups) {
    const current = spans.map((): TableFile[] => []);
    for (const linked of group) {
      const outcome = linked.spanIndex === undefined ? outcomes[next++] : undefined;
      for (const { spanIndex, table } of tablesOf(linked, outcome)) current[spanIndex]?.push(table);
    }
    for (const [index, tables] of current.entries()) {
      if (tables.length > 0) runs[index]?.push(tables);
    }
  }
  return runs;
}

function tablesOf(
  { path, origin: source, table, placement, spanIndex, parts }: LinkedTable,
  outcome: TableOutcome | undefined,
): ReadonlyArray<{ readonly spanIndex: number; readonly table: TableFile }> {
  if (spanIndex !== undefined) {
    return [{ spanIndex, table: { ...boundsOf(table), path, origin: placement, source } }];
  }
  if (outcome?.kind !== 'split') throw new Error('a table was not split');
  return parts.flatMap((part, index) => {
    const split = outcome.parts[index];
    if (split === undefined) return [];
    const { origin, dataBytes } = split;
    const named = origin === 'shared' ? { source } : {};
    const made = { ...boundsOf(split), path: part.path, origin, dataBytes, ...named };
    return [{ spanIndex: part.spanIndex, table: made }];
  });
}

function boundsOf(table: { sizeBytes: number; smallest: Uint8Array; largest: Uint8Array }) {
  return { sizeBytes: table.sizeBytes, smallest: table.smallest, largest: table.largest };
}
