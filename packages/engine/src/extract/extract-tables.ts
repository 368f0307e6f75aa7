// Gives the tables that hold a store's entries in some spans: those wholly inside a span are linked,
// those that straddle a bound are split (split-table.ts). Runs in worker threads, while the store is in use.
//
// The runs of a span come oldest first: level 6, 5, … 1, then the tables of level 0 by ascending
// number. Where that makes more runs than the planner has levels for, the newest are merged into one.

import {
  compareBytes,
  joinTouchingSpans,
  keyAfter,
  type OriginTotals,
  type Span,
  subtractSpan,
} from '@sstitch/contract';
import { type FileSystem, mergeTables, TableBuilder, TableReader, userKeyOf } from '@sstitch/sst';
import { blamingOrigins } from '../files/blame-file.js';
import type { Placement } from '../files/place-file.js';
import { oldTableFileName, parseLevelFileName, tableFileName } from '../leveldb/file-names.js';
import { linkVersion } from '../leveldb/linked-version.js';
import type { Version } from '../leveldb/manifest.js';
import { shadowedKeys } from '../leveldb/shadowed-keys.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import { spansOverlapping } from '../spans.js';
import { ownDirectoryOf, refuseInside } from '../store-directory/refuse-inside.js';
import { isThere, STAGING_DIRECTORY } from '../store-directory/store-files.js';
import { addToTotals, emptyTotals } from '../tables/origin-totals.js';
import type { SplitPart } from '../tables/split-table.js';
import {
  filesMadeBy,
  type SplitJob,
  shareTableJobs,
  type TableJob,
  type TableOutcome,
} from '../tables/table-jobs.js';
import {
  MAX_RUNS,
  originsOf,
  type SpanTables,
  type TableFile,
  type TableRun,
  type TableSet,
} from '../tables/table-set.js';
import { trusted } from '../tables/trusted-sets.js';
import { defineTask } from '../threads/task.js';
import type { WorkerPool } from '../threads/worker-pool.js';

export interface ExtractRequest {
  /** Directory of a LevelDB database, which may be open and compacting. */
  readonly sourceDirectory: string;
  /**
   * Directory that the database is a private copy of, where it is: errors name its files.
   * @defaultValue `sourceDirectory`
   */
  readonly originDirectory?: string | undefined;
  /** Directory to make. */
  readonly targetDirectory: string;
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
  /** What `flushGeneration` gave; 0 for a database that is not open here. */
  readonly leastLogNumber: number;
  /**
   * Size from which a part of a table is kept in its file (split-table.ts); `Infinity` for a database that
   * this process has not open to write.
   */
  readonly shareFromBytes: number;
  /** Read every table in full, and refuse a damaged one. */
  readonly verify: boolean;
  /** Let a commit wait for the checks of tables that are linked as they are, instead of the extract. */
  readonly checksLater: boolean;
}

export interface ExtractedTables extends TableSet {
  readonly totals: readonly OriginTotals[];
}

interface Candidate {
  readonly level: number;
  readonly table: TableEntry;
  /** A user key that another table has newer versions of (shadowed-keys.ts). */
  readonly without: Span | undefined;
}

/** A linked table and the spans that it is for. */
interface LinkedTable {
  readonly path: string;
  /** The store's own file. */
  readonly origin: string;
  readonly table: TableEntry;
  readonly placement: Placement;
  /** The span that holds it whole, or what each span has of it. */
  readonly spanIndex: number | undefined;
  readonly parts: ReadonlyArray<SplitPart & { readonly spanIndex: number }>;
}

export interface LinkedExtract {
  readonly lastSequence: number;
  /** Runs, oldest first. */
  readonly groups: ReadonlyArray<readonly LinkedTable[]>;
}

/** What comes into another store is checked, and is no more than its spans. */
const HOW_TO_CUT = {
  isInForce: false,
  mayStayWhole: false,
  purge: false,
  keepsName: false,
} as const;

/** Extracts; see the head of this file. What it makes is not synced: the commit does that once. */
export async function extractTables(
  pool: WorkerPool,
  request: ExtractRequest,
  signal: AbortSignal | undefined,
): Promise<ExtractedTables> {
  const { spans, targetDirectory, shareFromBytes, verify, checksLater } = request;
  const { lastSequence, groups } = await pool.run(linkForExtractTask, request, { signal });
  const splits: SplitJob[] = [];
  const checks: TableJob[] = [];
  for (const { path, origin, table, spanIndex, parts } of groups.flat()) {
    const { sizeBytes } = table;
    if (spanIndex !== undefined) checks.push({ kind: 'check', path, origin, recorded: table });
    else splits.push({ kind: 'split', path, origin, sizeBytes, parts, ...HOW_TO_CUT });
  }
  const how = { shareFromBytes, verify };
  const failing = new AbortController();
  const ending = AbortSignal.any([failing.signal, ...(signal ? [signal] : [])]);
  const splitting = shareTableJobs(pool, splits, how, ending);
  // Others wait for the splits, and for what a commit does next.
  const checking = shareTableJobs(pool, checks, { ...how, background: true }, ending);
  // It may fail before anybody awaits it, and whoever ends without a commit never does.
  checking.catch(() => undefined);
  try {
    await (checksLater ? splitting : Promise.all([splitting, checking]));
  } catch (error) {
    failing.abort();
    // The caller may remove the directory.
    await Promise.allSettled([splitting, checking]);
    throw error;
  }
  const outcomes = await splitting;

  const runs = spans.map((): TableFile[][] => []);
  let next = 0;
  for (const group of groups) {
    const current = spans.map((): TableFile[] => []);
    for (const linked of group) {
      const outcome = linked.spanIndex === undefined ? outcomes[next++] : undefined;
      for (const { spanIndex, table } of tablesOf(linked, outcome)) {
        current[spanIndex]?.push(table);
      }
    }
    for (const [index, tables] of current.entries()) {
      if (tables.length > 0) runs[index]?.push(tables);
    }
  }

  const isMerged = runs.some(({ length }) => length > MAX_RUNS);
  if (isMerged) await checking;
  const extracted: SpanTables[] = [];
  for (const [index, span] of spans.entries()) {
    const path = `${targetDirectory}/merged-${index}.part`;
    extracted.push({ span, runs: await limitRuns(pool, path, runs[index] ?? [], signal) });
  }
  const totals = extracted.map(({ runs: placed }) => {
    const sum = emptyTotals();
    for (const table of placed.flat()) {
      addToTotals(sum, table.origin, table.dataBytes ?? table.sizeBytes);
    }
    return sum;
  });
  // A merge takes files away that were made before.
  const unsynced = isMerged ? undefined : filesMadeBy(splits, outcomes);
  const set = { spans: extracted, lastSequence, totals };
  return trusted(set, checksLater ? { unsynced, checking } : { unsynced });
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

/** Links the tables that hold entries in the spans, and finds out which have to be split. */
export function linkForExtract(
  fileSystem: FileSystem,
  request: ExtractRequest,
  checkCancelled: () => void,
): LinkedExtract {
  const { sourceDirectory, originDirectory, targetDirectory, spans } = request;
  refuseInside(fileSystem, targetDirectory, ownDirectoryOf(sourceDirectory), [STAGING_DIRECTORY]);
  fileSystem.mkdir(targetDirectory);
  const merged = joinTouchingSpans(spans);
  const overlapping = (table: TableEntry) => spansOverlapping(merged, table).length > 0;
  const { version, placed } = linkVersion(
    fileSystem,
    sourceDirectory,
    targetDirectory,
    (candidate) =>
      candidate.levels.flatMap((tables) =>
        tables.filter(overlapping).map((table) => ({ table, name: tableFileName(table.number) })),
      ),
    checkCancelled,
    request.leastLogNumber,
  );
  const groups = runsOldestFirst(version).map((group) =>
    group
      .filter(({ table }) => overlapping(table))
      .map((candidate): LinkedTable => {
        const { table } = candidate;
        const spanIndex = spanAround(spans, candidate);
        const name = tableFileName(table.number);
        const path = `${targetDirectory}/${name}`;
        const { origin = path, placement = 'linked' } = placed.get(name) ?? {};
        return {
          table,
          path,
          origin:
            originDirectory === undefined ? origin : originIn(fileSystem, originDirectory, origin),
          placement,
          spanIndex,
          parts: spanIndex === undefined ? partsOf(request, candidate) : [],
        };
      }),
  );
  return { lastSequence: version.lastSequence, groups };
}

export const linkForExtractTask = defineTask('linkForExtract', linkForExtract);

/** The file that a private copy's table is a name or a copy of; the copy's own where it has made it itself. */
function originIn(fileSystem: FileSystem, directory: string, path: string): string {
  const number = parseLevelFileName(path.slice(path.lastIndexOf('/') + 1))?.number ?? 0;
  const names = [tableFileName(number), oldTableFileName(number)];
  return (
    names.map((name) => `${directory}/${name}`).find((each) => isThere(fileSystem, each)) ?? path
  );
}

/** Levels 6 to 1 whole, then each table of level 0 by itself. */
function runsOldestFirst(version: Version): Candidate[][] {
  const groups: Candidate[][] = [];
  const shadowed = shadowedKeys(version.levels);
  for (let level = LEVEL_COUNT - 1; level >= 1; level--) {
    const tables = version.levels[level] ?? [];
    groups.push(
      tables.map((table) => ({ level, table, without: shadowed.get(table.number)?.span })),
    );
  }
  for (const table of version.levels[0] ?? [])
    groups.push([{ level: 0, table, without: undefined }]);
  return groups;
}

/** The index of the span that a table lies wholly inside, if it need not be split at all. */
function spanAround(spans: readonly Span[], { table, without }: Candidate): number | undefined {
  if (without !== undefined) return undefined;
  const smallest = userKeyOf(table.smallest);
  const largest = userKeyOf(table.largest);
  const index = spans.findIndex(
    ({ start, end }) =>
      compareBytes(start, smallest) <= 0 && (end === undefined || compareBytes(largest, end) < 0),
  );
  return index < 0 ? undefined : index;
}

/** What each span has of a table. */
function partsOf({ targetDirectory, spans }: ExtractRequest, { table, without }: Candidate) {
  const smallest = userKeyOf(table.smallest);
  const afterLargest = keyAfter(userKeyOf(table.largest));
  const parts: Array<SplitPart & { readonly spanIndex: number }> = [];
  for (const [spanIndex, span] of spans.entries()) {
    // Legal, and an empty span holds nothing.
    if (span.end !== undefined && compareBytes(span.start, span.end) >= 0) continue;
    if (span.end !== undefined && compareBytes(span.end, smallest) <= 0) continue;
    if (compareBytes(span.start, afterLargest) >= 0) continue;
    const path = `${targetDirectory}/${table.number}-${spanIndex}.part`;
    const keep = without === undefined ? [span] : subtractSpan(span, without);
    parts.push({ keep, path, spanIndex });
  }
  return parts;
}

function boundsOf(table: { sizeBytes: number; smallest: Uint8Array; largest: Uint8Array }) {
  return { sizeBytes: table.sizeBytes, smallest: table.smallest, largest: table.largest };
}

/** Merges the newest runs into one, so that no more are left than there are levels for them. */
async function limitRuns(
  pool: WorkerPool,
  path: string,
  runs: readonly TableFile[][],
  signal: AbortSignal | undefined,
): Promise<TableRun[]> {
  if (runs.length <= MAX_RUNS) return [...runs];
  const tables = runs.slice(MAX_RUNS - 1).flat();
  const merged = await pool.run(mergeNewestRunsTask, { path, tables }, { signal });
  return [...runs.slice(0, MAX_RUNS - 1), [merged]];
}

export interface MergeNewestRunsInput {
  /** The table to make. */
  readonly path: string;
  /** Those that it replaces. */
  readonly tables: readonly TableFile[];
}

/** Makes one table of several. */
export function mergeNewestRuns(
  fileSystem: FileSystem,
  { path, tables }: MergeNewestRunsInput,
): TableFile {
  const readers: TableReader[] = [];
  const file = fileSystem.open(path, 'create');
  try {
    fileSystem.chmod(path, 0o444);
    const built = blamingOrigins(originsOf(tables), () => {
      for (const { path: tablePath, sizeBytes } of tables) {
        readers.push(TableReader.open(fileSystem, tablePath, { sizeBytes }));
      }
      const builder = new TableBuilder(file, { path, seal: true });
      // Shadowed versions go, tombstones stay: they hide what the older runs hold.
      let last: Uint8Array | undefined;
      for (const entry = mergeTables(readers); entry.valid; entry.next()) {
        const userKey = userKeyOf(entry.key);
        if (last !== undefined && compareBytes(last, userKey) === 0) continue;
        last = userKey.slice();
        builder.add(entry.key, entry.value);
      }
      return builder.finish();
    });
    for (const table of tables) fileSystem.unlink(table.path);
    return { ...boundsOf(built), path, origin: 'built' };
  } finally {
    file.close();
    for (const reader of readers) reader.close();
  }
}

export const mergeNewestRunsTask = defineTask('mergeNewestRuns', mergeNewestRuns);
