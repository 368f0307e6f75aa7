// The first step of an extract, in a worker thread: links the tables that may hold entries in the spans, and finds out
// which of them straddle a bound.
//
// The runs of a span are ordered oldest first: levels 6 to 1, then the tables of level 0 by ascending number.

import { compareBytes, joinTouchingSpans, type Span, subtractSpan } from '@sstitch/contract';
import { type FileSystem, userKeyOf } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { type Placement, removeTree } from '../files/place-file.js';
import { oldTableFileName, parseLevelFileName, tableFileName } from '../leveldb/file-names.js';
import { linkVersion } from '../leveldb/linked-version.js';
import type { Version } from '../leveldb/manifest.js';
import { shadowedKeys } from '../leveldb/shadowed-keys.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import { indexOfSpanReaching, spansOverlapping } from '../spans.js';
import { ownDirectoryOf, refuseInside } from '../store-directory/refuse-inside.js';
import { isThere, STAGING_DIRECTORY } from '../store-directory/store-files.js';
import type { SplitPart } from '../tables/split-table.js';
import { defineTask } from '../threads/task.js';

/** What to link, and where. */
export interface LinkRequest {
  /** The directory of a LevelDB database, which may be open and compacting. */
  readonly sourceDirectory: string;
  /**
   * If the database is a private copy: the directory that it was copied from, whose files errors name.
   * @defaultValue `sourceDirectory`
   */
  readonly originDirectory?: string | undefined;
  /** The directory to make. */
  readonly targetDirectory: string;
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
  /** What `flushGeneration` returned; 0 for a database that is not open in this process. */
  readonly leastLogNumber: number;
}

interface Candidate {
  readonly level: number;
  readonly table: TableEntry;
  /** A user key to leave out, of which another table has newer versions (leveldb/shadowed-keys.ts). */
  readonly without: Span | undefined;
}

/** A linked table and the spans that need it. */
export interface LinkedTable {
  readonly path: string;
  /** The path of the store's own file, for messages. */
  readonly origin: string;
  readonly table: TableEntry;
  readonly placement: Placement;
  /** The span that contains the table; undefined if the table has to be split. */
  readonly spanIndex: number | undefined;
  /** The parts to split the table into; empty if a span contains it. */
  readonly parts: ReadonlyArray<SplitPart & { readonly spanIndex: number }>;
}

/** The linked tables of an extract. */
export interface LinkedExtract {
  readonly lastSequence: number;
  /** Runs, oldest first. */
  readonly groups: ReadonlyArray<readonly LinkedTable[]>;
}

/** Links tables into the target directory, which it makes, and removes on failure; see the top of this file. */
function linkForExtract(
  fileSystem: FileSystem,
  request: LinkRequest,
  checkCancelled: () => void,
): LinkedExtract {
  const { sourceDirectory, targetDirectory } = request;
  refuseInside(fileSystem, targetDirectory, ownDirectoryOf(sourceDirectory), [STAGING_DIRECTORY]);
  makeTarget(fileSystem, targetDirectory);
  try {
    return linkTables(fileSystem, request, checkCancelled);
  } catch (error) {
    try {
      removeTree(fileSystem, targetDirectory);
    } catch {
      // The caller gets the first error.
    }
    throw error;
  }
}

export const linkForExtractTask = defineTask('linkForExtract', linkForExtract);

/** @throws EngineError SSTITCH_TARGET_EXISTS */
function makeTarget(fileSystem: FileSystem, path: string): void {
  try {
    fileSystem.mkdir(path);
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw error;
    const message = 'the target of an extract exists: name a new directory';
    throw new EngineError('SSTITCH_TARGET_EXISTS', message, { path, cause: error });
  }
}

function linkTables(
  fileSystem: FileSystem,
  request: LinkRequest,
  checkCancelled: () => void,
): LinkedExtract {
  const { sourceDirectory, originDirectory, targetDirectory, spans } = request;
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

/** Returns the file that a private copy's table was linked or copied from, or its own path if the copy made it. */
function originIn(fileSystem: FileSystem, directory: string, path: string): string {
  const number = parseLevelFileName(path.slice(path.lastIndexOf('/') + 1))?.number ?? 0;
  const names = [tableFileName(number), oldTableFileName(number)];
  return (
    names.map((name) => `${directory}/${name}`).find((each) => isThere(fileSystem, each)) ?? path
  );
}

/** Groups a version's tables into runs: levels 6 to 1, then each table of level 0. */
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

/** Returns the index of the span that contains a table, or undefined if the table has to be split. */
function spanAround(spans: readonly Span[], { table, without }: Candidate): number | undefined {
  if (without !== undefined) return undefined;
  const smallest = userKeyOf(table.smallest);
  const largest = userKeyOf(table.largest);
  const index = indexOfSpanReaching(spans, smallest);
  const span = spans[index];
  if (span === undefined || compareBytes(span.start, smallest) > 0) return undefined;
  return span.end === undefined || compareBytes(largest, span.end) < 0 ? index : undefined;
}

/** Returns the parts of a table, one for each span that overlaps it. */
function partsOf({ targetDirectory, spans }: LinkRequest, { table, without }: Candidate) {
  const smallest = userKeyOf(table.smallest);
  const largest = userKeyOf(table.largest);
  const parts: Array<SplitPart & { readonly spanIndex: number }> = [];
  const first = indexOfSpanReaching(spans, smallest);
  for (let spanIndex = first; spanIndex < spans.length; spanIndex++) {
    const span = spans[spanIndex];
    if (span === undefined || compareBytes(span.start, largest) > 0) break;
    // An empty span is valid and holds nothing.
    if (span.end !== undefined && compareBytes(span.start, span.end) >= 0) continue;
    const path = `${targetDirectory}/${table.number}-${spanIndex}.part`;
    const keep = without === undefined ? [span] : subtractSpan(span, without);
    parts.push({ keep, path, spanIndex });
  }
  return parts;
}
