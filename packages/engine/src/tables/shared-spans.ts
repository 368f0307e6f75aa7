// Finds shared spans: ranges in which two databases certainly hold the same entries, as all tables of either database
// are tables of the other too, as the same part of the same file. No block of such a table is read.
//
// The entries of a database in a range are those of its tables and its logs, so the logs must have been flushed to
// tables. The same tables hold the same versions of the same keys, with the same sequences, so a reader sees the same
// entries in whichever levels the tables are. A table that only one database has makes its range uncertain. If the
// table is small, as after a few writes, only its keys are uncertain.
//
// Invariant: the returned ranges are inside the spans, sorted and disjoint, and hold no key of a table that only one
// database has.
import {
  compareBytes,
  joinTouchingSpans,
  keyAfter,
  type Span,
  spansOverlap,
  subtractSpan,
} from '@sstitch/contract';
import { type FileSystem, SstError, TableReader, userKeyOf } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { oldTableFileName, tableFileName } from '../leveldb/file-names.js';
import { readVersion } from '../leveldb/manifest.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { spansOverlapping } from '../spans.js';
import { defineTask } from '../threads/task.js';

/** The size limit of a table whose keys are read. */
const MAX_READ_TABLE_BYTES = 4 * 1024 * 1024;
/** The limit of the total size of the tables whose keys are read. */
const MAX_READ_BYTES = 16 * 1024 * 1024;
/** If a table has more uncertain ranges, it is shared only before the first and after the last of them. */
const MAX_HOLES_PER_TABLE = 16;
/** The limit of rounds. A round is repeated if a compaction deleted a table before its file was found. */
const MAX_ROUNDS = 100;

/** A LevelDB database to compare, which may be open and compacting. */
export interface SharingDatabase {
  readonly directory: string;
  /** The result of `flushGeneration`. */
  readonly leastLogNumber: number;
}

export interface SharedSpansRequest {
  readonly databases: readonly [SharingDatabase, SharingDatabase];
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
}

/** A table of a version, and its file. */
interface FoundTable {
  readonly table: TableEntry;
  readonly path: string;
  /** Identifies the part of the file. Undefined if the file system does not identify files. */
  readonly identity: string | undefined;
}

/** Returns the shared spans of two databases; see the top of this file. The result is empty if nothing is certain. */
function findSharedSpans(
  fileSystem: FileSystem,
  { databases, spans }: SharedSpansRequest,
  checkCancelled: () => void,
): Span[] {
  const wanted = joinTouchingSpans(spans);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    checkCancelled();
    try {
      const sides = databases.map((database) => tablesOf(fileSystem, database, wanted));
      const [left, right] = sides;
      if (left === undefined || right === undefined) return [];
      const [ofLeft, ofRight] = [identitiesOf(left), identitiesOf(right)];
      const isShared = ({ identity }: FoundTable) =>
        identity !== undefined && ofLeft.has(identity) && ofRight.has(identity);
      const shared = left.filter(isShared);
      if (shared.length === 0) return [];
      const alone = [...left, ...right].filter((table) => !isShared(table));
      const uncertain = uncertainSpans(fileSystem, alone, checkCancelled);
      return intersectSpans(wanted, certainSpans(shared, uncertain));
    } catch (error) {
      // A compaction has deleted a table, so there is a newer version.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return [];
}

export const findSharedSpansTask = defineTask('findSharedSpans', findSharedSpans);

/** Returns the tables that overlap the spans, or undefined if some entries may be in no table yet. */
function tablesOf(
  fileSystem: FileSystem,
  { directory, leastLogNumber }: SharingDatabase,
  spans: readonly Span[],
): readonly FoundTable[] | undefined {
  const version = readVersion(fileSystem, directory);
  if (version.logNumber < leastLogNumber) return undefined;
  return version.levels
    .flat()
    .filter((table) => spansOverlapping(spans, table).length > 0)
    .map((table) => {
      const { path, identity } = fileOf(fileSystem, directory, table);
      const part = [identity, table.sizeBytes, hexOf(table.smallest), hexOf(table.largest)];
      return { table, path, identity: identity === undefined ? undefined : part.join(' ') };
    });
}

function fileOf(
  fileSystem: FileSystem,
  directory: string,
  { number }: TableEntry,
): { readonly path: string; readonly identity: string | undefined } {
  const path = `${directory}/${tableFileName(number)}`;
  try {
    return { path, identity: fileSystem.status(path).identity };
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
    const old = `${directory}/${oldTableFileName(number)}`;
    return { path: old, identity: fileSystem.status(old).identity };
  }
}

function identitiesOf(tables: readonly FoundTable[]): ReadonlySet<string> {
  return new Set(tables.flatMap(({ identity }) => (identity === undefined ? [] : [identity])));
}

/** Returns sorted, disjoint ranges that hold all keys of the tables. */
function uncertainSpans(
  fileSystem: FileSystem,
  tables: readonly FoundTable[],
  checkCancelled: () => void,
): readonly Span[] {
  let readBytes = 0;
  const found = tables.flatMap(({ table, path }): Span[] => {
    checkCancelled();
    const { sizeBytes } = table;
    readBytes += sizeBytes;
    if (sizeBytes > MAX_READ_TABLE_BYTES || readBytes > MAX_READ_BYTES) return [boundsOf(table)];
    return keysOf(fileSystem, path, sizeBytes);
  });
  found.sort((a, b) => compareBytes(a.start, b.start));
  return joinTouchingSpans(found);
}

function keysOf(fileSystem: FileSystem, path: string, sizeBytes: number): Span[] {
  const spans: Span[] = [];
  const reader = TableReader.open(fileSystem, path, { sizeBytes });
  try {
    const entries = reader.iterator();
    for (entries.seekToFirst(); entries.valid; entries.next()) {
      const start = userKeyOf(entries.key).slice();
      spans.push({ start, end: keyAfter(start) });
    }
  } finally {
    reader.close();
  }
  return spans;
}

/** Returns the ranges of the shared tables without the uncertain ranges. */
function certainSpans(tables: readonly FoundTable[], uncertain: readonly Span[]): readonly Span[] {
  const certain = tables.flatMap(({ table }) => {
    const bounds = boundsOf(table);
    const holes = spansOverlapping(uncertain, table).filter((hole) => spansOverlap(hole, bounds));
    return withoutHoles(bounds, holes);
  });
  certain.sort((a, b) => compareBytes(a.start, b.start));
  return joinTouchingSpans(certain);
}

function withoutHoles(bounds: Span, holes: readonly Span[]): Span[] {
  const [first] = holes;
  const last = holes.at(-1);
  if (first === undefined || last === undefined) return [bounds];
  if (holes.length > MAX_HOLES_PER_TABLE) {
    return subtractSpan(bounds, { start: first.start, end: last.end });
  }
  let left = [bounds];
  for (const hole of holes) left = left.flatMap((span) => subtractSpan(span, hole));
  return left;
}

/** Returns the intersection of two sorted, disjoint lists of spans, which is sorted and disjoint too. */
function intersectSpans(spans: readonly Span[], others: readonly Span[]): Span[] {
  const shared: Span[] = [];
  for (const span of spans) {
    for (const other of others) {
      if (!spansOverlap(span, other)) continue;
      const start = compareBytes(span.start, other.start) < 0 ? other.start : span.start;
      shared.push({ start, end: lesserEnd(span.end, other.end) });
    }
  }
  return shared;
}

function lesserEnd(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareBytes(a, b) < 0 ? a : b;
}

function boundsOf({ smallest, largest }: TableEntry): Span {
  return { start: userKeyOf(smallest), end: keyAfter(userKeyOf(largest)) };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function codeOf(error: unknown): string | undefined {
  return errorCodeOf(error instanceof SstError ? error.cause : error);
}
