// The first step of an extract, in a worker thread: links the tables that hold entries in the spans, and finds out
// which of them straddle a bound.
//
// The runs of a span come oldest first: level 6, 5, … 1, then the tables of level 0 by ascending number.

import {
  compareBytes,
  joinTouchingSpans,
  keyAfter,
  type Span,
  subtractSpan,
} from '@sstitch/contract';
import { type FileSystem, userKeyOf } from '@sstitch/sst';
import type { Placement } from '../files/place-file.js';
import { oldTableFileName, parseLevelFileName, tableFileName } from '../leveldb/file-names.js';
import { linkVersion } from '../leveldb/linked-version.js';
import type { Version } from '../leveldb/manifest.js';
import { shadowedKeys } from '../leveldb/shadowed-keys.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import { spansOverlapping } from '../spans.js';
import { ownDirectoryOf, refuseInside } from '../store-directory/refuse-inside.js';
import { isThere, STAGING_DIRECTORY } from '../store-directory/store-files.js';
import type { SplitPart } from '../tables/split-table.js';
import { defineTask } from '../threads/task.js';

/** What to link, and where. */
export interface LinkRequest {
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
}

interface Candidate {
  readonly level: number;
  readonly table: TableEntry;
  /** A user key that another table has newer versions of (shadowed-keys.ts). */
  readonly without: Span | undefined;
}

/** A linked table and the spans that it is for. */
export interface LinkedTable {
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

/** Links tables into the target directory, which it makes; see the head of this file. */
function linkForExtract(
  fileSystem: FileSystem,
  request: LinkRequest,
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
function partsOf({ targetDirectory, spans }: LinkRequest, { table, without }: Candidate) {
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
