// Checks the tables of a database before it is adopted: LevelDB trusts every length in a table, and fails only when it
// reads a block that it cannot decode.
//
// Each table is read in full. Checking only the type byte of each block would read every page of the file as well.

import { type FileSystem, SstError, verifyTable } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { readRegularFile } from '../files/regular-file.js';
import { oldTableFileName, tableFileName } from '../leveldb/file-names.js';
import { otherDatabaseError, refuseOtherDatabase } from '../leveldb/other-databases.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { isThere, parseGenerationName } from '../store-directory/store-files.js';
import { defineTask } from '../threads/task.js';

const MAX_CURRENT_SIZE_BYTES = 64;

/**
 * Refuses a directory whose files show that it is not a LevelDB database.
 *
 * @throws EngineError SSTITCH_STORE_FORMAT
 */
function checkAdoptable(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  refuseOtherDatabase(fileSystem, directory);
  const path = `${directory}/CURRENT`;
  if (!isThere(fileSystem, path)) return;
  const text = Buffer.from(readRegularFile(fileSystem, path, MAX_CURRENT_SIZE_BYTES));
  if (parseGenerationName(text.toString('latin1').trimEnd()) === undefined) return;
  throw new EngineError('SSTITCH_STORE_FORMAT', 'the directory is already a store: open it', {
    reason: 'already-a-store',
    path: directory,
  });
}

export const checkAdoptableTask = defineTask('checkAdoptable', checkAdoptable);

export interface CheckAdoptedTableInput {
  /** The directory that holds the table now. */
  readonly tableDirectory: string;
  /** The directory of the database that it was linked from, for messages. */
  readonly sourceDirectory: string;
  readonly table: TableEntry;
}

/**
 * Reads a table in full.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT, SSTITCH_STORE_FORMAT, with the path of the source's file
 */
function checkAdoptedTable(
  fileSystem: FileSystem,
  { tableDirectory, sourceDirectory, table }: CheckAdoptedTableInput,
): void {
  const path = `${tableDirectory}/${tableFileName(table.number)}`;
  try {
    verifyTable(fileSystem, path, table);
  } catch (error) {
    if (!(error instanceof SstError) || error.code === 'SSTITCH_TABLE_IO') throw error;
    throw refusalOf(error, sourceFile(fileSystem, sourceDirectory, table.number));
  }
}

export const checkAdoptedTableTask = defineTask('checkAdoptedTable', checkAdoptedTable);

function refusalOf(error: SstError, source: string): EngineError {
  const { problem, reason } = error;
  const at = { cause: error, path: source, offset: error.offset };
  if (error.code !== 'SSTITCH_TABLE_UNSUPPORTED') {
    const advice = 'restore the file or repair the database, then adopt it again';
    return new EngineError(
      'SSTITCH_STORE_CORRUPT',
      `a table is damaged: ${problem}; ${advice}`,
      at,
    );
  }
  if (reason === 'rocksdb-table') return otherDatabaseError('RocksDB', source);
  if (reason === 'pebble-table') return otherDatabaseError('Pebble', source);
  const advice =
    reason === 'compression'
      ? 'copy it with snappy or without compression, by the program that wrote the database'
      : 'copy the entries by the program that wrote the database';
  return new EngineError('SSTITCH_STORE_FORMAT', `a table cannot be read: ${problem}; ${advice}`, {
    ...at,
    reason: 'table-unsupported',
  });
}

function sourceFile(fileSystem: FileSystem, directory: string, number: number): string {
  const old = `${directory}/${oldTableFileName(number)}`;
  return isThere(fileSystem, old) ? old : `${directory}/${tableFileName(number)}`;
}
