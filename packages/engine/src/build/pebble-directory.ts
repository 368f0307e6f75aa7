// Makes a database directory that both Pebble and LevelDB open, from extracted tables (Pebble's open.go,
// internal/manifest and sstable/reader.go).
//
//   NNNNNN.sst                              tables; Pebble does not know .ldb, LevelDB reads both
//   MANIFEST-NNNNNN                         a LevelDB MANIFEST, whose fields Pebble reads
//   CURRENT                                 names the MANIFEST for LevelDB
//   marker.format-version.000001.013        empty; names the oldest format that Pebble 2 opens
//   marker.manifest.000001.MANIFEST-NNNNNN  empty; names the MANIFEST for Pebble
//
// Pebble requires more of tables than LevelDB: a properties block; files that are exactly as long as the MANIFEST says;
// no user key in two tables of a level; and only sequence 0, as LevelDB's MANIFEST lists no sequences. So the tables
// are rebuilt as one run. They share no file with the store and hold no excised entries.
//
// The tables are fsynced before CURRENT and the markers, without which neither program finds a database.

import { dirname } from 'node:path';
import { type FileSystem, userKeyOf } from '@sstitch/sst';
import {
  abandonStoreTask,
  checkEmpty,
  claimEmpty,
  type MadeName,
  madeDirectories,
} from '../copy/make-store.js';
import { EngineError } from '../errors.js';
import { CURRENT_FILE, manifestFileName, oldTableFileName } from '../leveldb/file-names.js';
import { writeManifest, writeNewFile } from '../leveldb/manifest.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import { refuseInside } from '../store-directory/refuse-inside.js';
import { BUILD_DIRECTORY, mkdirs, removeIfEmpty } from '../store-directory/store-files.js';
import type { SpanTables, TableFile } from '../tables/table-set.js';
import { defineTask } from '../threads/task.js';
import { fsyncingFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { rebuildTables } from './rebuild-tables.js';

const FORMAT_VERSION_MARKER = 'marker.format-version.000001.013';

export interface PebbleDirectoryInput {
  /** The store's directory. The target must lie outside. */
  readonly storeDirectory: string;
  /** The directory to make. It must not exist or must be empty. */
  readonly targetDirectory: string;
}

/** The tables of the directory. */
export interface PebbleDirectory {
  readonly tables: number;
  readonly sizeBytes: number;
}

/**
 * Makes the directory. On failure it removes what it made.
 *
 * @param extract returns the tables of the database's entries; called after the target was checked
 * @throws EngineError SSTITCH_TARGET_EXISTS; SSTITCH_OPTION_INVALID if the target lies inside the store, or the store
 * holds the empty key; SSTITCH_STORE_CORRUPT, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function makePebbleDirectory(
  pool: WorkerPool,
  input: PebbleDirectoryInput,
  extract: () => Promise<readonly SpanTables[]>,
  signal: AbortSignal,
): Promise<PebbleDirectory> {
  const { targetDirectory } = input;
  const made: MadeName[] = [];
  try {
    const directories = await pool.run(beginPebbleDirectoryTask, input, { signal });
    const directory = `${targetDirectory}/${BUILD_DIRECTORY}`;
    made.push(...madeDirectories(directories), { kind: 'tree', path: directory });
    const extracted = await extract();
    const building = { signal, onEntries: () => undefined, purpose: 'pebble' } as const;
    const tables = await fsyncingFiles(pool, signal, async (unsynced) => {
      const spans = await rebuildTables(pool, directory, extracted, { ...building, unsynced });
      const built = spans.flatMap(({ runs }) => runs.flat());
      checkNoEmptyKey(built);
      return built;
    });
    made.push(...finishedNames(targetDirectory, tables.length));
    await pool.run(finishPebbleDirectoryTask, { targetDirectory, tables }, { signal });
    const sizeBytes = tables.reduce((sum, table) => sum + table.sizeBytes, 0);
    return { tables: tables.length, sizeBytes };
  } catch (error) {
    // The first error is the one to report.
    await pool.run(abandonStoreTask, { made }).catch(() => undefined);
    throw error;
  }
}

/** Checks the target and makes its directory, and `building` in it. Returns the others that it made. */
function beginPebbleDirectory(
  fileSystem: FileSystem,
  { storeDirectory, targetDirectory }: PebbleDirectoryInput,
): readonly string[] {
  checkEmpty(fileSystem, targetDirectory);
  refuseInside(fileSystem, targetDirectory, storeDirectory);
  const directories = mkdirs(fileSystem, targetDirectory);
  try {
    claimEmpty(fileSystem, targetDirectory, BUILD_DIRECTORY);
    return directories;
  } catch (error) {
    for (const path of directories.reverse()) removeIfEmpty(fileSystem, path);
    throw error;
  }
}

export const beginPebbleDirectoryTask = defineTask('beginPebbleDirectory', beginPebbleDirectory);

/** Refuses the empty key: Pebble 2.1.7 panics when a compaction leaves it alone in a block. */
function checkNoEmptyKey([first]: readonly TableFile[]): void {
  if (first === undefined || userKeyOf(first.smallest).length > 0) return;
  throw new EngineError(
    'SSTITCH_OPTION_INVALID',
    'the store holds the empty key, which can crash a compaction of Pebble: delete it first',
    { key: new Uint8Array(0) },
  );
}

export interface FinishPebbleDirectoryInput {
  readonly targetDirectory: string;
  /** The tables in key order, fsynced. */
  readonly tables: readonly TableFile[];
}

/** Renames the tables, and writes the MANIFEST, CURRENT and the markers. */
function finishPebbleDirectory(
  fileSystem: FileSystem,
  { targetDirectory, tables }: FinishPebbleDirectoryInput,
): void {
  const entries = tables.map(({ path, sizeBytes, smallest, largest }, index): TableEntry => {
    const number = index + 1;
    fileSystem.rename(path, `${targetDirectory}/${oldTableFileName(number)}`);
    return { number, sizeBytes, smallest, largest };
  });
  fileSystem.fsyncDir(targetDirectory);
  const manifestNumber = manifestNumberAfter(tables.length);
  const version = {
    // The tables are one run, which goes to the last level.
    levels: Array.from({ length: LEVEL_COUNT }, (_, level) =>
      level === LEVEL_COUNT - 1 ? entries : [],
    ),
    // There is no log.
    logNumber: manifestNumber,
    previousLogNumber: 0,
    nextFileNumber: manifestNumber + 1,
    lastSequence: 0,
  };
  writeManifest(fileSystem, targetDirectory, version, manifestNumber);
  for (const name of [FORMAT_VERSION_MARKER, manifestMarker(manifestNumber)]) {
    writeNewFile(fileSystem, `${targetDirectory}/${name}`, new Uint8Array(0));
  }
  // Last: a directory that has it is not finished.
  fileSystem.removeDirectory(`${targetDirectory}/${BUILD_DIRECTORY}`);
  fileSystem.fsyncDir(targetDirectory);
  fileSystem.fsyncDir(dirname(targetDirectory));
}

export const finishPebbleDirectoryTask = defineTask('finishPebbleDirectory', finishPebbleDirectory);

function manifestNumberAfter(tables: number): number {
  return tables + 1;
}

function manifestMarker(manifestNumber: number): string {
  return `marker.manifest.000001.${manifestFileName(manifestNumber)}`;
}

/** Returns the names that `finishPebbleDirectory` makes, for `abandonStore`. */
function finishedNames(directory: string, tables: number): MadeName[] {
  const manifestNumber = manifestNumberAfter(tables);
  const names = [
    ...Array.from({ length: tables }, (_, index) => oldTableFileName(index + 1)),
    manifestFileName(manifestNumber),
    CURRENT_FILE,
    FORMAT_VERSION_MARKER,
    manifestMarker(manifestNumber),
  ];
  return names.map((name) => ({ kind: 'tree', path: `${directory}/${name}` }));
}
