// Makes a directory that Pebble opens, and LevelDB too, of extracted tables (Pebble's open.go, internal/manifest and
// sstable/reader.go).
//
//   NNNNNN.sst                              tables: Pebble knows no .ldb, LevelDB takes both names
//   MANIFEST-NNNNNN                         LevelDB's, whose fields Pebble reads
//   CURRENT                                 names the MANIFEST for LevelDB
//   marker.format-version.000001.013        empty; the oldest format that Pebble 2 opens
//   marker.manifest.000001.MANIFEST-NNNNNN  empty; names the MANIFEST for Pebble
//
// Pebble asks of tables what LevelDB does not: a properties block in each; files as long as the MANIFEST says, and no
// longer; no user key in two tables of a level; and, as LevelDB's MANIFEST lists no sequences, none but 0. So the
// tables are built anew, as one run: no file is shared with the store, and nothing of what was excised is in them.
//
// The tables are on stable storage before CURRENT and the markers, without which neither finds a database.

import { type FileSystem, userKeyOf } from '@sstitch/sst';
import { abandonStoreTask, checkEmpty, type MadeName } from '../copy/make-store.js';
import { EngineError } from '../errors.js';
import { parentDirectory } from '../files/place-file.js';
import { CURRENT_FILE, manifestFileName, oldTableFileName } from '../leveldb/file-names.js';
import { writeManifest, writeNewFile } from '../leveldb/manifest.js';
import { LEVEL_COUNT, type TableEntry } from '../leveldb/version-edit.js';
import { refuseInside } from '../store-directory/refuse-inside.js';
import { mkdirs } from '../store-directory/store-files.js';
import type { SpanTables, TableFile } from '../tables/table-set.js';
import { defineTask } from '../threads/task.js';
import { syncingFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { rebuildTables } from './rebuild-tables.js';

const FORMAT_VERSION_MARKER = 'marker.format-version.000001.013';
/** In the target, for the tables until all are built. */
const BUILD_DIRECTORY = 'building';

export interface PebbleDirectoryInput {
  /** Outside of which the target must lie. */
  readonly storeDirectory: string;
  /** To be made; an empty directory may be there. */
  readonly targetDirectory: string;
}

/** What a directory for Pebble holds. */
export interface PebbleDirectory {
  readonly tables: number;
  readonly sizeBytes: number;
}

/**
 * Makes the directory. A failure leaves nothing of what was made in it.
 *
 * @param extract returns the tables of all that it is to hold, once the target is known to be a good one
 * @throws EngineError SSTITCH_TARGET_EXISTS; SSTITCH_OPTION_INVALID for a target inside the store, and for an empty
 * key; SSTITCH_STORE_CORRUPT, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
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
    const { madeDirectory } = await pool.run(beginPebbleDirectoryTask, input, { signal });
    if (madeDirectory) made.push({ kind: 'directory', path: targetDirectory });
    const extracted = await extract();
    const directory = `${targetDirectory}/${BUILD_DIRECTORY}`;
    made.push({ kind: 'tree', path: directory });
    const building = { signal, onEntries: () => undefined, purpose: 'pebble' } as const;
    const tables = await syncingFiles(pool, signal, async (unsynced) => {
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
    // Another failure here says less than the first.
    await pool.run(abandonStoreTask, { made }).catch(() => undefined);
    throw error;
  }
}

/** Checks the target and makes it. */
function beginPebbleDirectory(
  fileSystem: FileSystem,
  { storeDirectory, targetDirectory }: PebbleDirectoryInput,
): { readonly madeDirectory: boolean } {
  checkEmpty(fileSystem, targetDirectory);
  refuseInside(fileSystem, targetDirectory, storeDirectory);
  return { madeDirectory: mkdirs(fileSystem, targetDirectory) };
}

export const beginPebbleDirectoryTask = defineTask('beginPebbleDirectory', beginPebbleDirectory);

/** Pebble 2.1.7 reads this key, and panics when a compaction leaves it alone in a block. */
function checkNoEmptyKey([first]: readonly TableFile[]): void {
  if (first === undefined || userKeyOf(first.smallest).length > 0) return;
  throw new EngineError(
    'SSTITCH_OPTION_INVALID',
    'the store has an empty key, which Pebble cannot always write again: delete it first',
    { key: new Uint8Array(0) },
  );
}

export interface FinishPebbleDirectoryInput {
  readonly targetDirectory: string;
  /** In key order; synced. */
  readonly tables: readonly TableFile[];
}

/** Gives the tables their names, and writes what makes a database of them. */
function finishPebbleDirectory(
  fileSystem: FileSystem,
  { targetDirectory, tables }: FinishPebbleDirectoryInput,
): void {
  const entries = tables.map(({ path, sizeBytes, smallest, largest }, index): TableEntry => {
    const number = index + 1;
    fileSystem.rename(path, `${targetDirectory}/${oldTableFileName(number)}`);
    return { number, sizeBytes, smallest, largest };
  });
  fileSystem.removeDirectory(`${targetDirectory}/${BUILD_DIRECTORY}`);
  fileSystem.fsyncDir(targetDirectory);
  const manifestNumber = manifestNumberAfter(tables.length);
  const version = {
    // The last: what is built is one run.
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
  fileSystem.fsyncDir(targetDirectory);
  fileSystem.fsyncDir(parentDirectory(targetDirectory));
}

export const finishPebbleDirectoryTask = defineTask('finishPebbleDirectory', finishPebbleDirectory);

function manifestNumberAfter(tables: number): number {
  return tables + 1;
}

function manifestMarker(manifestNumber: number): string {
  return `marker.manifest.000001.${manifestFileName(manifestNumber)}`;
}

/** Names that `finishPebbleDirectory` gives, as `abandonStore` takes them. */
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
