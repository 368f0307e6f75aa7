// Gives the tables that hold a store's entries in some spans: those wholly inside a span are linked,
// those that straddle a bound are cut (cut-table.ts). Runs in worker threads, while the store is in use.
//
// The runs of a span come oldest first: level 6, 5, … 1, then the tables of level 0 by ascending
// number. Where that makes more runs than the planner has levels for, the newest are merged into one.
import {
  compareBytes,
  type FileSystem,
  mergeTables,
  type Span,
  TableBuilder,
  TableReader,
  userKeyOf,
} from '@sstitch/sst';
import type { CutPart } from '../commit/cut-table.js';
import { pinVersion } from '../commit/pin-version.js';
import type { Placement } from '../commit/place-file.js';
import {
  keyAfter,
  MAX_RUNS,
  mergeAdjacentSpans,
  sharedKey,
  spansOverlapping,
} from '../commit/plan-version.js';
import { addToTotals, emptyTotals, type OriginTotals } from '../commit/stage-generation.js';
import {
  type CutJob,
  filesMadeBy,
  shareTableJobs,
  type TableJob,
  type TableOutcome,
} from '../commit/table-jobs.js';
import { tableFileName } from '../leveldb/file-names.js';
import type { Version } from '../leveldb/manifest.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import type { SpanTables, TableFile, TableRun, TableSet } from '../tables.js';
import { trusted } from '../trusted-sets.js';
import type { TaskRunner } from '../workers/task-runner.js';

export interface ExtractRequest {
  /** Folder of a LevelDB database, which may be open and compacting. */
  readonly sourceFolder: string;
  /** Folder to make. */
  readonly targetFolder: string;
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
  /** What `flushGeneration` gave; 0 for a database that is not open here. */
  readonly leastLogNumber: number;
  /**
   * Size from which a part of a table is kept in its file (cut-table.ts); `Infinity` for a database that
   * this process has not open to write.
   */
  readonly narrowFromBytes: number;
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
  /** A user key that a neighbour in the level has newer versions of (docs/leveldb-rules.md, rule 10). */
  readonly without: Span | undefined;
}

/** A pinned table and the spans that it is for. */
interface PinnedTable {
  readonly path: string;
  readonly table: TableEntry;
  readonly placement: Placement;
  /** The span that holds it whole, or what each span has of it. */
  readonly spanIndex: number | undefined;
  readonly parts: ReadonlyArray<CutPart & { readonly spanIndex: number }>;
}

export interface PinnedExtract {
  readonly lastSequence: number;
  /** Runs, oldest first. */
  readonly groups: ReadonlyArray<readonly PinnedTable[]>;
}

/** What comes into another store is checked, and is no more than its spans. */
const HOW_TO_CUT = { isInForce: false, mayStayWhole: false, keepsName: false } as const;

/** Extracts; see the head of this file. What it makes is not synced: the commit does that once. */
export async function extractTables(
  runner: TaskRunner,
  request: ExtractRequest,
  signal: AbortSignal | undefined,
): Promise<ExtractedTables> {
  const { spans, targetFolder, narrowFromBytes, verify, checksLater } = request;
  const { lastSequence, groups } = await runner.run('pinForExtract', request, { signal });
  const cuts: CutJob[] = [];
  const checks: TableJob[] = [];
  for (const { path, table, spanIndex, parts } of groups.flat()) {
    const { sizeBytes } = table;
    if (spanIndex !== undefined) checks.push({ kind: 'check', path, recorded: table });
    else cuts.push({ kind: 'cut', path, sizeBytes, parts, ...HOW_TO_CUT });
  }
  const how = { narrowFromBytes, verify };
  const failing = new AbortController();
  const ending = AbortSignal.any([failing.signal, ...(signal ? [signal] : [])]);
  const cutting = shareTableJobs(runner, cuts, how, ending);
  // Others wait for the cuts, and for what a commit does next.
  const checking = shareTableJobs(runner, checks, { ...how, givesWay: true }, ending);
  // It may fail before anybody awaits it, and whoever ends without a commit never does.
  checking.catch(() => undefined);
  try {
    await (checksLater ? cutting : Promise.all([cutting, checking]));
  } catch (error) {
    failing.abort();
    // The caller may remove the folder.
    await Promise.allSettled([cutting, checking]);
    throw error;
  }
  const outcomes = await cutting;

  const runs = spans.map((): TableFile[][] => []);
  let next = 0;
  for (const group of groups) {
    const current = spans.map((): TableFile[] => []);
    for (const pinned of group) {
      const outcome = pinned.spanIndex === undefined ? outcomes[next++] : undefined;
      for (const { spanIndex, table } of tablesOf(pinned, outcome)) {
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
    extracted.push({ span, runs: await limitRuns(runner, targetFolder, index, runs[index] ?? []) });
  }
  const totals = extracted.map(({ runs: placed }) => {
    const sum = emptyTotals();
    for (const table of placed.flat()) {
      addToTotals(sum, table.origin, table.dataBytes ?? table.sizeBytes);
    }
    return sum;
  });
  // A merge takes files away that were made before.
  const unsynced = isMerged ? undefined : filesMadeBy(cuts, outcomes);
  const set = { spans: extracted, lastSequence, totals };
  return trusted(set, checksLater ? { unsynced, checking } : { unsynced });
}

function tablesOf(
  { path, table, placement, spanIndex, parts }: PinnedTable,
  outcome: TableOutcome | undefined,
): ReadonlyArray<{ readonly spanIndex: number; readonly table: TableFile }> {
  if (spanIndex !== undefined) {
    return [{ spanIndex, table: { ...boundsOf(table), path, origin: placement } }];
  }
  if (outcome?.kind !== 'cut') throw new Error('a table was not cut');
  return parts.flatMap((part, index) => {
    const cut = outcome.parts[index];
    if (cut === undefined) return [];
    const { origin, dataBytes } = cut;
    const made = { ...boundsOf(cut), path: part.path, origin, dataBytes };
    return [{ spanIndex: part.spanIndex, table: made }];
  });
}

/** Pins the tables that hold entries in the spans, and finds out which have to be cut. */
export function pinForExtract(
  fileSystem: FileSystem,
  request: ExtractRequest,
  checkCancelled: () => void,
): PinnedExtract {
  const { sourceFolder, targetFolder, spans } = request;
  fileSystem.makeFolder(targetFolder);
  const merged = mergeAdjacentSpans(spans);
  const overlapping = (table: TableEntry) => spansOverlapping(merged, table).length > 0;
  const { version, placements } = pinVersion(
    fileSystem,
    sourceFolder,
    targetFolder,
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
      .map((candidate): PinnedTable => {
        const { table } = candidate;
        const spanIndex = spanAround(spans, candidate);
        return {
          table,
          path: `${targetFolder}/${tableFileName(table.number)}`,
          placement: placements.get(table.number) ?? 'linked',
          spanIndex,
          parts: spanIndex === undefined ? partsOf(request, candidate) : [],
        };
      }),
  );
  return { lastSequence: version.lastSequence, groups };
}

/** Levels 6 to 1 whole, then each table of level 0 by itself. */
function runsOldestFirst(version: Version): Candidate[][] {
  const groups: Candidate[][] = [];
  for (let level = LEVEL_COUNT - 1; level >= 1; level--) {
    const tables = version.levels[level] ?? [];
    groups.push(
      tables.map((table, index) => {
        const before = tables[index - 1];
        return {
          level,
          table,
          without: before === undefined ? undefined : sharedKey(before, table),
        };
      }),
    );
  }
  for (const table of version.levels[0] ?? [])
    groups.push([{ level: 0, table, without: undefined }]);
  return groups;
}

/** The index of the span that a table lies wholly inside, if it need not be cut at all. */
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
function partsOf({ targetFolder, spans }: ExtractRequest, { table, without }: Candidate) {
  const smallest = userKeyOf(table.smallest);
  const afterLargest = keyAfter(userKeyOf(table.largest));
  const parts: Array<CutPart & { readonly spanIndex: number }> = [];
  for (const [spanIndex, span] of spans.entries()) {
    // Legal, and an empty span holds nothing.
    if (span.end !== undefined && compareBytes(span.start, span.end) >= 0) continue;
    if (span.end !== undefined && compareBytes(span.end, smallest) <= 0) continue;
    if (compareBytes(span.start, afterLargest) >= 0) continue;
    const path = `${targetFolder}/${table.number}-${spanIndex}.slice`;
    const keep = without === undefined ? [span] : subtractSpan(span, without);
    parts.push({ keep, path, spanIndex });
  }
  return parts;
}

function boundsOf(table: { sizeBytes: number; smallest: Uint8Array; largest: Uint8Array }) {
  return { sizeBytes: table.sizeBytes, smallest: table.smallest, largest: table.largest };
}

function subtractSpan(span: Span, hole: Span): Span[] {
  const parts: Span[] = [];
  if (compareBytes(span.start, hole.start) < 0) {
    const end =
      span.end !== undefined && compareBytes(span.end, hole.start) < 0 ? span.end : hole.start;
    parts.push({ start: span.start, end });
  }
  if (hole.end !== undefined && (span.end === undefined || compareBytes(hole.end, span.end) < 0)) {
    const start = compareBytes(span.start, hole.end) > 0 ? span.start : hole.end;
    parts.push({ start, end: span.end });
  }
  return parts;
}

/** Merges the newest runs into one, so that no more are left than there are levels for them. */
async function limitRuns(
  runner: TaskRunner,
  folder: string,
  spanIndex: number,
  runs: readonly TableFile[][],
): Promise<TableRun[]> {
  if (runs.length <= MAX_RUNS) return [...runs];
  const path = `${folder}/merged-${spanIndex}.slice`;
  const tables = runs.slice(MAX_RUNS - 1).flat();
  return [...runs.slice(0, MAX_RUNS - 1), [await runner.run('mergeNewestRuns', { path, tables })]];
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
    fileSystem.setMode(path, 0o444);
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
    const built = builder.finish();
    for (const table of tables) fileSystem.unlink(table.path);
    return { ...boundsOf(built), path, origin: 'built' };
  } finally {
    file.close();
    for (const reader of readers) reader.close();
  }
}
