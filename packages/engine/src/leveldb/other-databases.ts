// Names databases that look like LevelDB's and are not: RocksDB and Pebble grew out of LevelDB and kept its file
// names and its MANIFEST's layout, and a LevelDB database may be ordered by a comparator of its program's own.
//
//   RocksDB   OPTIONS-%06d ("rocksdb_version=…"), IDENTITY
//   Pebble    OPTIONS-%06d ("pebble_version=…"), marker.manifest.*, marker.format-version.*; no CURRENT of late
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { readRegularFile } from '../files/regular-file.js';

export type OtherDatabase = 'RocksDB' | 'Pebble';

const OPTIONS_FILE = /^OPTIONS-\d{1,16}$/;
const PEBBLE_MARKER = /^marker\.(manifest|format-version)\./;
const MAX_OPTIONS_SIZE_BYTES = 1024 * 1024;

/**
 * Fields of a MANIFEST that LevelDB has not: versions of "new file", column families, atomic groups, blob files,
 * and RocksDB's range of fields that its readers may pass over.
 */
const FIRST_SKIPPABLE_FIELD = 8192;

export function isFieldOfOthers(tag: number): boolean {
  return tag === 10 || (tag >= 100 && tag <= 500) || tag >= FIRST_SKIPPABLE_FIELD;
}

/** Who orders keys by a comparator of this name. */
const COMPARATOR_OWNERS: ReadonlyArray<readonly [prefix: string, owner: string]> = [
  ['idb_cmp', "Chromium's IndexedDB"],
  ['rocksdb.', 'RocksDB'],
  ['RocksDB_SE', 'MyRocks'],
  ['cockroach', 'CockroachDB'],
];

/** A database whose keys are ordered in another way than bytewise. */
export function otherComparatorError(comparator: string, path: string): EngineError {
  const owner = COMPARATOR_OWNERS.find(([prefix]) => comparator.startsWith(prefix))?.[1];
  const name = JSON.stringify(comparator);
  return new EngineError(
    'SSTITCH_STORE_FORMAT',
    `the database is ordered by ${name}${owner === undefined ? '' : `, the comparator of ${owner}`}, not bytewise: ` +
      'only the program that wrote it can read it',
    { path },
  );
}

export function otherDatabaseError(kind: OtherDatabase, path: string): EngineError {
  return new EngineError(
    'SSTITCH_STORE_FORMAT',
    `this is a ${kind} database, and SSTitch reads LevelDB's: read it with ${kind}, and write its entries to a store`,
    { path },
  );
}

/**
 * Refuses a directory that holds another database.
 *
 * @param names what the directory holds, where that is known
 * @throws EngineError SSTITCH_STORE_FORMAT; what is wrong with the directory itself is left to others
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
    // A pipe, or gone meanwhile: it tells nothing.
    if (error instanceof EngineError || errorCodeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
