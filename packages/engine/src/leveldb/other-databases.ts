// Recognises databases that resemble LevelDB's. RocksDB and Pebble descend from LevelDB and kept its file names and the
// layout of its MANIFEST, and a LevelDB database can be ordered by a custom comparator.
//
//   RocksDB   OPTIONS-%06d ("rocksdb_version=…"), IDENTITY
//   Pebble    OPTIONS-%06d ("pebble_version=…"), marker.manifest.*, marker.format-version.*; newer ones no CURRENT
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { readRegularFile } from '../files/regular-file.js';

export type OtherDatabase = 'RocksDB' | 'Pebble';

const OPTIONS_FILE = /^OPTIONS-\d{1,16}$/;
const PEBBLE_MARKER = /^marker\.(manifest|format-version)\./;
const MAX_OPTIONS_SIZE_BYTES = 1024 * 1024;

/**
 * The first of RocksDB's fields of a version edit that older readers may skip.
 */
const FIRST_SKIPPABLE_FIELD = 8192;

/**
 * Whether a field of a version edit is one of RocksDB's or Pebble's: variants of "new file", column families, atomic
 * groups, blob files, and skippable fields.
 */
export function isFieldOfOthers(tag: number): boolean {
  return tag === 10 || (tag >= 100 && tag <= 500) || tag >= FIRST_SKIPPABLE_FIELD;
}

/** The programs that use comparators with these names. */
const COMPARATOR_OWNERS: ReadonlyArray<readonly [prefix: string, owner: string]> = [
  ['idb_cmp', "Chromium's IndexedDB"],
  ['rocksdb.', 'RocksDB'],
  ['RocksDB_SE', 'MyRocks'],
  ['cockroach', 'CockroachDB'],
];

/** Makes the error for a database whose keys are not ordered bytewise. */
export function otherComparatorError(comparator: string, path: string): EngineError {
  const owner = COMPARATOR_OWNERS.find(([prefix]) => comparator.startsWith(prefix))?.[1];
  const name = JSON.stringify(comparator);
  return new EngineError(
    'SSTITCH_STORE_FORMAT',
    `the database is ordered by ${name}${owner === undefined ? '' : `, the comparator of ${owner}`}, not bytewise: ` +
      'only the program that wrote it can read it',
    { reason: 'other-database', path },
  );
}

/** Makes the error for a database of another program. */
export function otherDatabaseError(kind: OtherDatabase, path: string): EngineError {
  return new EngineError(
    'SSTITCH_STORE_FORMAT',
    `this is a ${kind} database, not a LevelDB one: read it with ${kind}, and write its entries to a store`,
    { reason: 'other-database', path },
  );
}

/**
 * Refuses a directory that holds a database of RocksDB or Pebble. Ignores a missing directory.
 *
 * @param names the names in the directory, if known
 * @throws EngineError SSTITCH_STORE_FORMAT
 */
export function refuseOtherDatabase(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[] = namesIn(fileSystem, directory),
): void {
  const kind = otherDatabaseOf(fileSystem, directory, names);
  if (kind !== undefined) throw otherDatabaseError(kind, directory);
}

function otherDatabaseOf(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
): OtherDatabase | undefined {
  if (names.some((name) => PEBBLE_MARKER.test(name))) return 'Pebble';
  const options = names.findLast((name) => OPTIONS_FILE.test(name));
  if (options !== undefined) {
    const text = textOf(fileSystem, `${directory}/${options}`);
    if (/^\s*pebble_version=/m.test(text)) return 'Pebble';
    if (/^\s*rocksdb_version=/m.test(text)) return 'RocksDB';
  }
  return names.includes('IDENTITY') ? 'RocksDB' : undefined;
}

function namesIn(fileSystem: FileSystem, directory: string): readonly string[] {
  try {
    return fileSystem.readdir(directory);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function textOf(fileSystem: FileSystem, path: string): string {
  try {
    const bytes = readRegularFile(fileSystem, path, MAX_OPTIONS_SIZE_BYTES);
    return Buffer.from(bytes).toString('latin1');
  } catch (error) {
    // A pipe, or a file that is gone: it does not identify a database.
    if (error instanceof EngineError || errorCodeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
