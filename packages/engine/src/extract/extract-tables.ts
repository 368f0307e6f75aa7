// Gives the tables that hold a store's entries in some spans: those wholly inside a span are linked,
// those that straddle a bound are cut (cut-table.ts). Runs in a worker thread, while the store is in use.
//
// The runs of a span come oldest first: level 6, 5, … 1, then the tables of level 0 by ascending
// number. Where that makes more runs than the planner has levels for, the newest are merged into one.
import {
  checkTableStructure,
  compareBytes,
  type FileSystem,
  mergeTables,
  type Span,
  TableBuilder,
  TableReader,
  userKeyOf,
} from '@sstitch/sst';
import { type CutPart, cutTable } from '../commit/cut-table.js';
import { pinVersion } from '../commit/pin-version.js';
import { unlinkIfThere } from '../commit/place-file.js';
import {
  keyAfter,
  MAX_RUNS,
  mergeAdjacentSpans,
  sharedKey,
  spansOverlapping,
} from '../commit/plan-version.js';
import { addToTotals, emptyTotals, type OriginTotals } from '../commit/stage-generation.js';
import { UnsyncedFiles } from '../commit/unsynced-files.js';
import { tableFileName } from '../leveldb/file-names.js';
import type { Version } from '../leveldb/manifest.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import type { SpanTables, TableFile, TableRun, TableSet } from '../tables.js';

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
}

export interface ExtractedTables extends TableSet {
  readonly totals: readonly OriginTotals[];
}

interface Candidate {
  readonly level: number;
  readonly table: TableEntry;
  /** A user key that a neighbour in the level has newer versions of (leveldb.md, rule 10). */
  readonly without: Span | undefined;
}

/** Extracts; see the head of this file. What it makes is not synced: the commit does that once. */
export function extractTables(
  fileSystem: FileSystem,
  request: ExtractRequest,
  checkCancelled: () => void,
): ExtractedTables {
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

  const runs = spans.map((): TableFile[][] => []);
  const totals = spans.map(emptyTotals);
  const files = new UnsyncedFiles();
  try {
    for (const group of runsOldestFirst(version)) {
      const current = spans.map((): TableFile[] => []);
      for (const candidate of group) {
        if (!overlapping(candidate.table)) continue;
        checkCancelled();
        const path = `${targetFolder}/${tableFileName(candidate.table.number)}`;
        const whole = spanAround(spans, candidate);
        if (whole !== undefined) {
          checkTableStructure(fileSystem, path, candidate.table);
          const placement = placements.get(candidate.table.number) ?? 'linked';
          current[whole]?.push({ ...bounds(candidate.table), path, origin: placement });
          continue;
        }
        cutBySpans(fileSystem, request, candidate, files, (index, table) =>
          current[index]?.push(table),
        );
        unlinkIfThere(fileSystem, path);
      }
      for (const [index, tables] of current.entries()) {
        if (tables.length > 0) runs[index]?.push(tables);
      }
    }
    files.closeAll();
  } finally {
    files.closeAll();
  }

  const extracted: SpanTables[] = spans.map((span, index) => ({
    span,
    runs: limitRuns(fileSystem, `${targetFolder}/merged-${index}`, runs[index] ?? []),
  }));
  for (const [index, { runs: placed }] of extracted.entries()) {
    const sum = totals[index];
    if (sum === undefined) continue;
    for (const table of placed.flat()) {
      addToTotals(sum, table.origin, table.dataBytes ?? table.sizeBytes);
    }
  }
  return { spans: extracted, lastSequence: version.lastSequence, totals };
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

function cutBySpans(
  fileSystem: FileSystem,
  { targetFolder, spans, narrowFromBytes }: ExtractRequest,
  { table, without }: Candidate,
  files: UnsyncedFiles,
  add: (spanIndex: number, table: TableFile) => void,
): void {
  const reader = TableReader.open(fileSystem, `${targetFolder}/${tableFileName(table.number)}`, {
    sizeBytes: table.sizeBytes,
  });
  const smallest = userKeyOf(table.smallest);
  const afterLargest = keyAfter(userKeyOf(table.largest));
  const parts: Array<CutPart & { readonly spanIndex: number }> = [];
  try {
    for (const [spanIndex, span] of spans.entries()) {
      // Legal, and an empty span holds nothing.
      if (span.end !== undefined && compareBytes(span.start, span.end) >= 0) continue;
      if (span.end !== undefined && compareBytes(span.end, smallest) <= 0) continue;
      if (compareBytes(span.start, afterLargest) >= 0) continue;
      const path = `${targetFolder}/${table.number}-${spanIndex}.slice`;
      const keep = without === undefined ? [span] : subtractSpan(span, without);
      parts.push({ keep, path, spanIndex });
    }
    const cut = cutTable(fileSystem, reader, parts, narrowFromBytes, files);
    files.closeAll();
    for (const [index, { path, spanIndex }] of parts.entries()) {
      const part = cut[index];
      if (part === undefined) continue;
      const { origin, dataBytes } = part;
      add(spanIndex, { ...bounds(part), path, origin, dataBytes });
    }
  } finally {
    reader.close();
  }
}

function bounds(table: { sizeBytes: number; smallest: Uint8Array; largest: Uint8Array }) {
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
function limitRuns(fileSystem: FileSystem, path: string, runs: readonly TableFile[][]): TableRun[] {
  if (runs.length <= MAX_RUNS) return [...runs];
  const kept = runs.slice(0, MAX_RUNS - 1);
  const newest = runs.slice(MAX_RUNS - 1).flat();
  const readers: TableReader[] = [];
  const file = fileSystem.open(`${path}.slice`, 'create');
  try {
    fileSystem.setMode(`${path}.slice`, 0o444);
    for (const table of newest) {
      const { path: tablePath, sizeBytes } = table;
      readers.push(TableReader.open(fileSystem, tablePath, { sizeBytes }));
    }
    const builder = new TableBuilder(file);
    // Shadowed versions go, tombstones stay: they hide what the older runs hold.
    let last: Uint8Array | undefined;
    for (const entry = mergeTables(readers); entry.valid; entry.next()) {
      const userKey = userKeyOf(entry.key);
      if (last !== undefined && compareBytes(last, userKey) === 0) continue;
      last = userKey.slice();
      builder.add(entry.key, entry.value);
    }
    const built = builder.finish();
    for (const table of newest) fileSystem.unlink(table.path);
    return [...kept, [{ ...bounds(built), path: `${path}.slice`, origin: 'built' }]];
  } finally {
    file.close();
    for (const reader of readers) reader.close();
  }
}
