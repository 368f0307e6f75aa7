// Builds the tables of one share of a rebuild: merges the runs of a part of a span. Runs in a worker
// thread. No entry crosses threads and none becomes an object: bytes go from block to block.
//
// Invariants: what is built holds each user key once, with one sequence, and no deletion; memory is
// bounded by a block and a read window a run, and one table's index and filter.

import { compareBytes, type Span } from '@sstitch/contract';
import {
  type FileSystem,
  type MergeIterator,
  mergeRuns,
  RunIterator,
  TableBuilder,
  type TableOptions,
} from '@sstitch/sst';
import { TRAILER_BYTES } from '@sstitch/sst/file-format';
import { blamingOrigins } from '../files/blame-file.js';
import { type HeldFiles, holdingFiles, type WithUnsynced } from '../files/held-files.js';
import { originsOf, type TableFile, type TableRun } from '../tables/table-set.js';
import { defineTask } from '../threads/task.js';
import { BUILT_SEQUENCE, BUILT_TABLE_SIZE_BYTES } from './build-tables.js';

/** After so many entries a build looks whether it is still wanted. */
const ENTRIES_PER_CHECK = 4096;

export interface MergeRunsInput {
  /** A part of a span, or all of it. */
  readonly part: Span;
  /** Oldest first, as a span's; tables that have nothing of the part may be left out. */
  readonly runs: readonly TableRun[];
  /** Tables get this path, a number and an ending. */
  readonly path: string;
  /** @defaultValue 'leveldb' */
  readonly purpose?: BuildPurpose | undefined;
}

/** Whose database tables are built for. */
export type BuildPurpose = 'leveldb' | 'pebble';

/**
 * LevelDB's MANIFEST lists no sequences, and Pebble takes them for 0. A compaction of tables that hold greater ones
 * ends its process.
 */
const PEBBLE_SEQUENCE = 0;

export interface MergedRuns extends WithUnsynced {
  /** In key order. */
  readonly tables: readonly TableFile[];
  readonly entries: number;
}

/** Merges and builds; see the head of this file. */
function mergeRunsToTables(
  fileSystem: FileSystem,
  input: MergeRunsInput,
  checkCancelled: () => void,
): MergedRuns {
  return blamingOrigins(originsOf(input.runs.flat()), () =>
    holdingFiles(fileSystem, (held) => mergeAndBuild(fileSystem, input, held, checkCancelled)),
  );
}

export const mergeRunsToTablesTask = defineTask('mergeRunsToTables', mergeRunsToTables);

function mergeAndBuild(
  fileSystem: FileSystem,
  { part, runs, path, purpose = 'leveldb' }: MergeRunsInput,
  held: HeldFiles,
  checkCancelled: () => void,
): Omit<MergedRuns, 'unsynced'> {
  const iterators = runs.map((run) => new RunIterator(fileSystem, run));
  const tables: TableFile[] = [];
  let entries = 0;
  try {
    const sequence = purpose === 'pebble' ? PEBBLE_SEQUENCE : Number(BUILT_SEQUENCE);
    const options = { seal: purpose === 'leveldb', properties: purpose === 'pebble' };
    const merged = mergeRuns(iterators, { dropShadowed: true, sequence });
    merged.seekUserKey(part.start);
    while (merged.valid && isBefore(merged, part.end)) {
      const table = `${path}-${tables.length}.table`;
      const tableOptions = { path: table, ...options };
      const built = buildTable(held, tableOptions, merged, part.end, checkCancelled);
      const { sizeBytes, smallest, largest } = built;
      const bounds = { path: table, sizeBytes, smallest, largest };
      tables.push({ ...bounds, origin: 'built', entries: built.entries });
      entries += built.entries;
    }
    return { tables, entries };
  } finally {
    for (const iterator of iterators) iterator.close();
  }
}

/** One table, of the entries from where `merged` is to `end`, or of as many as it takes. */
function buildTable(
  held: HeldFiles,
  options: TableOptions & { readonly path: string },
  merged: MergeIterator,
  end: Uint8Array | undefined,
  checkCancelled: () => void,
) {
  const file = held.createTable(options.path);
  let builder: TableBuilder | undefined;
  try {
    builder = new TableBuilder(file, options);
    do {
      if (builder.entries % ENTRIES_PER_CHECK === 0) checkCancelled();
      builder.addFrom(merged, merged.sharedBytes);
      merged.next();
    } while (merged.valid && isBefore(merged, end) && builder.sizeBytes < BUILT_TABLE_SIZE_BYTES);
    return builder.finish();
  } catch (error) {
    builder?.abandon();
    throw error;
  } finally {
    file.close();
  }
}

function isBefore(merged: MergeIterator, end: Uint8Array | undefined): boolean {
  if (end === undefined) return true;
  return compareBytes(merged.keyBytes.subarray(0, merged.keyLength - TRAILER_BYTES), end) < 0;
}
