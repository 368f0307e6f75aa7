// Builds the tables of one part of a rebuild in a worker thread: merges the runs of a part of a span. Entries are
// copied from block to block; none is sent to another thread or becomes an object.
//
// Invariants:
// - the built tables hold each user key once, all with the same sequence, and no tombstones;
// - memory is bounded by a block and a read window for each run, and one table's index and filter.

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

/** The number of entries between two checks for cancellation. */
const ENTRIES_PER_CHECK = 4096;

export interface MergeRunsInput {
  /** A span, or a part of one. */
  readonly part: Span;
  /** The span's runs, oldest first. Tables without keys in the part may be left out. */
  readonly runs: readonly TableRun[];
  /** The paths of tables are this, a number and an extension. */
  readonly path: string;
  /** @defaultValue 'leveldb' */
  readonly purpose?: BuildPurpose | undefined;
}

/** The database that tables are built for. */
export type BuildPurpose = 'leveldb' | 'pebble';

/**
 * The sequence of entries for Pebble. LevelDB's MANIFEST does not list the tables' sequences, and Pebble assumes 0. It
 * aborts the process when it compacts tables with greater sequences.
 */
const PEBBLE_SEQUENCE = 0;

/** The tables of one part. */
export interface MergedRuns extends WithUnsynced {
  /** The tables in key order. */
  readonly tables: readonly TableFile[];
  readonly entries: number;
}

/** Merges runs and builds tables; see the top of this file. */
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

/** Builds one table from the entries before `end`, until it has its full size. */
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
