// Where two databases certainly hold the same: the ranges in which all tables of either one are tables of the other,
// too, as the same part of the same file. No block of such a table is read.
//
// A database's entries in a range are those of its tables there, and of its logs: the logs must be in tables. The same
// tables hold the same versions of the same keys, with the same sequences; so a reader sees the same entries,
// whichever levels the tables are in. A table that only one of the two has makes its range uncertain: of a small one,
// as a few writes leave it, the keys alone.
//
// Invariants: what is returned lies in the spans, is sorted and disjoint, and holds no key of a table that one
// database has and the other has not.
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

/** Keys are read of tables that are no larger, … */
const MAX_READ_TABLE_BYTES = 4 * 1024 * 1024;
/** … and of so many bytes of tables in all. */
const MAX_READ_BYTES = 16 * 1024 * 1024;
/** A table that more uncertain ranges lie in is shared before the first and after the last of them alone. */
const MAX_HOLES_A_TABLE = 16;
/** Each round follows a compaction that deleted a table before it was looked at. */
const MAX_ROUNDS = 100;

/** A LevelDB database, which may be open and compacting. */
export interface SharingDatabase {
  readonly directory: string;
  /** What `flushGeneration` gave. */
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
  /** Which part of which file it is; undefined where the file system does not say. */
  readonly identity: string | undefined;
}

/** See the head of this file. Empty where nothing is certain. */
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
      return withinSpans(wanted, certainSpans(shared, uncertain));
    } catch (error) {
      // A compaction has deleted a table: there is a newer version.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return [];
}

export const findSharedSpansTask = defineTask('findSharedSpans', findSharedSpans);

/** The tables that meet the spans; undefined where some entries may be in no table yet. */
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

/** Ranges that hold all keys of some tables: sorted, and disjoint. */
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

/** What is left of the shared tables without the uncertain ranges. */
function certainSpans(tables: readonly FoundTable[], uncertain: readonly Span[]): readonly Span[] {
  const certain = tables.flatMap(({ table }) => {
    const bounds = boundsOf(table);
    const holes = spansOverlapping(uncertain, table).filter((hole) => spansOverlap(hole, bounds));
    return holesLeftOut(bounds, holes);
  });
  certain.sort((a, b) => compareBytes(a.start, b.start));
  return joinTouchingSpans(certain);
}

function holesLeftOut(bounds: Span, holes: readonly Span[]): Span[] {
  const [first] = holes;
  const last = holes.at(-1);
  if (first === undefined || last === undefined) return [bounds];
  if (holes.length > MAX_HOLES_A_TABLE) {
    return subtractSpan(bounds, { start: first.start, end: last.end });
  }
  let left = [bounds];
  for (const hole of holes) left = left.flatMap((span) => subtractSpan(span, hole));
  return left;
}

/** The parts of some spans that lie in others; both are sorted and disjoint, and so is the result. */
function withinSpans(spans: readonly Span[], others: readonly Span[]): Span[] {
  const within: Span[] = [];
  for (const span of spans) {
    for (const other of others) {
      if (!spansOverlap(span, other)) continue;
      const start = compareBytes(span.start, other.start) < 0 ? other.start : span.start;
      within.push({ start, end: lesserEnd(span.end, other.end) });
    }
  }
  return within;
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
