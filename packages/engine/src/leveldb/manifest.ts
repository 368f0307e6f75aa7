// MANIFESTs and versions. CURRENT names a MANIFEST, a log (log-format.ts) whose records are version edits
// (version-edit.ts). The edits, applied in order, yield the version: the tables of each level and the counters.
//
// A MANIFEST that is written here consists of one record (docs/leveldb-rules.md, rule 2), so that a torn write cannot
// leave an older version that LevelDB would accept.
import { compareBytes } from '@sstitch/contract';
import { type FileSystem, userKeyOf } from '@sstitch/sst';
import { compareInternalKeys } from '@sstitch/sst/file-format';
import { EngineError, errorCodeOf } from '../errors.js';
import { readRegularFile } from '../files/regular-file.js';
import { CURRENT_FILE, logFileName, manifestFileName, parseLevelFileName } from './file-names.js';
import { readLogRecords, writeLogRecords } from './log-format.js';
import { otherComparatorError } from './other-databases.js';
import {
  COMPARATOR_NAME,
  decodeVersionEdit,
  encodeVersionEdit,
  LEVEL_COUNT,
  type TableEntry,
  type VersionEdit,
} from './version-edit.js';

/** The tables and counters of a LevelDB database. */
export interface Version {
  /** The tables of each level: those of level 0 by ascending number (oldest first), the others by ascending key. */
  readonly levels: ReadonlyArray<readonly TableEntry[]>;
  /** Logs with this number or a higher one are replayed on open. */
  readonly logNumber: number;
  /** The number of one more log to replay, or 0. */
  readonly previousLogNumber: number;
  /** Greater than every file number in use. */
  readonly nextFileNumber: number;
  /** An upper bound of the sequences of all entries in the tables. */
  readonly lastSequence: number;
}

/** The limit of sequences: numbers above are not exact in JavaScript. LevelDB's own limit is 2^56 - 1. */
export const MAX_USABLE_SEQUENCE = Number.MAX_SAFE_INTEGER;

/** The limit of file numbers. It leaves room to count on: numbers above 2^53 are not exact. */
const MAX_FILE_NUMBER = 2 ** 52;

/** The limit of CURRENT's size. A valid one has less than 30 bytes. */
const MAX_CURRENT_SIZE_BYTES = 64;

/** The limit of a MANIFEST's size: room for about two million tables. LevelDB starts a new MANIFEST at each open. */
export const MAX_MANIFEST_SIZE_BYTES = 256 * 1024 * 1024;

/**
 * Reads the name of the current MANIFEST.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT if CURRENT does not hold the name of a MANIFEST. LevelDB would follow a path
 * such as `../`
 */
export function readCurrent(fileSystem: FileSystem, directory: string): string {
  const path = `${directory}/${CURRENT_FILE}`;
  const bytes = readRegularFile(fileSystem, path, MAX_CURRENT_SIZE_BYTES);
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.endsWith('\n')) {
    throw new EngineError('SSTITCH_STORE_CORRUPT', 'CURRENT does not end in a newline', { path });
  }
  const name = text.slice(0, -1);
  if (parseLevelFileName(name)?.kind !== 'manifest') {
    throw new EngineError('SSTITCH_STORE_CORRUPT', 'CURRENT does not name a MANIFEST', { path });
  }
  return name;
}

/**
 * Reads the current version of a directory. The database may be open and compacting, so an incomplete last record of
 * the MANIFEST is ignored. ENOENT means that the database was reopened or removed meanwhile; the caller tries again.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function readVersion(fileSystem: FileSystem, directory: string): Version {
  const path = `${directory}/${readCurrent(fileSystem, directory)}`;
  const bytes = readRegularFile(fileSystem, path, MAX_MANIFEST_SIZE_BYTES);
  return applyEdits(readEdits(bytes, path), path);
}

/** Yields the edits in a MANIFEST's bytes. Returns what `readLogRecords` returns. */
export function* readEdits(
  bytes: Uint8Array,
  path: string,
): Generator<VersionEdit, number | undefined, undefined> {
  const records = readLogRecords(bytes, path);
  for (;;) {
    const next = records.next();
    if (next.done) return next.value;
    yield decodeVersionEdit(next.value.data, path, next.value.offset);
  }
}

/** Applies edits in order and returns the resulting version, after `checkVersion`. */
export function applyEdits(edits: Iterable<VersionEdit>, path: string): Version {
  const levels = Array.from({ length: LEVEL_COUNT }, () => new Map<number, TableEntry>());
  let logNumber: number | undefined;
  let previousLogNumber = 0;
  let nextFileNumber: number | undefined;
  let lastSequence: number | undefined;
  for (const edit of edits) {
    if (edit.comparator !== undefined && edit.comparator !== COMPARATOR_NAME) {
      throw otherComparatorError(edit.comparator, path);
    }
    logNumber = edit.logNumber ?? logNumber;
    previousLogNumber = edit.previousLogNumber ?? previousLogNumber;
    nextFileNumber = edit.nextFileNumber ?? nextFileNumber;
    lastSequence = edit.lastSequence ?? lastSequence;
    // LevelDB's builder deletes before it adds, so that one edit can move a file.
    for (const { level, number } of edit.deleted) levels[level]?.delete(number);
    for (const { level, table } of edit.added) levels[level]?.set(table.number, table);
  }
  if (logNumber === undefined || nextFileNumber === undefined || lastSequence === undefined) {
    throw new EngineError('SSTITCH_STORE_CORRUPT', 'the MANIFEST lacks a counter', { path });
  }
  const version: Version = {
    levels: levels.map((tables, level) => sortLevel(Array.from(tables.values(), copyOf), level)),
    logNumber,
    previousLogNumber,
    nextFileNumber,
    lastSequence,
  };
  checkVersion(version, path);
  return version;
}

/** Copies a table's bounds, which are views of the MANIFEST's bytes: these would stay in memory, and be copied with
 * each message to a thread. */
function copyOf({ number, sizeBytes, smallest, largest }: TableEntry): TableEntry {
  return { number, sizeBytes, smallest: smallest.slice(), largest: largest.slice() };
}

function sortLevel(tables: TableEntry[], level: number): TableEntry[] {
  return level === 0
    ? tables.sort((a, b) => a.number - b.number)
    : // As in LevelDB, of tables that begin with the same user key the one with the newest version comes first.
      tables.sort((a, b) => compareInternalKeys(a.smallest, b.smallest));
}

/**
 * Checks the rules that LevelDB assumes. A version that breaks one makes it abort the process, hide keys or overwrite
 * files (docs/leveldb-rules.md, rules 1, 4, 5, 6, 7, 9).
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function checkVersion(version: Version, path: string): void {
  const corrupt = (message: string) =>
    new EngineError('SSTITCH_STORE_CORRUPT', `the MANIFEST ${message}`, { path });
  if (version.lastSequence > MAX_USABLE_SEQUENCE) throw corrupt('has a sequence near the limit');
  if (version.nextFileNumber > MAX_FILE_NUMBER) throw corrupt('has a file number near the limit');
  if (version.logNumber >= version.nextFileNumber) throw corrupt('has a log beyond its next file');
  const numbers = new Set<number>();
  for (const [level, tables] of version.levels.entries()) {
    let before: TableEntry | undefined;
    for (const table of tables) {
      if (table.number === 0 || table.number >= version.nextFileNumber) {
        throw corrupt(
          `lists table ${table.number}, but its next file is ${version.nextFileNumber}`,
        );
      }
      if (numbers.has(table.number)) throw corrupt(`lists table ${table.number} twice`);
      numbers.add(table.number);
      const smallest = userKeyOf(table.smallest);
      if (compareBytes(smallest, userKeyOf(table.largest)) > 0) {
        throw corrupt(`lists table ${table.number} with inverted bounds`);
      }
      // Equal bounds are accepted: LevelDB itself makes such pairs, and planBase repairs them.
      if (level > 0 && before && compareBytes(userKeyOf(before.largest), smallest) > 0) {
        throw corrupt(
          `lists overlapping tables ${before.number} and ${table.number} in level ${level}`,
        );
      }
      before = table;
    }
  }
}

/**
 * Checks that the log that a MANIFEST names exists. LevelDB makes the log before it names it, but silently opens
 * without it if it is missing, or if a truncated MANIFEST names one that was removed since. A MANIFEST that this program
 * wrote names its own number, for which there is no log; one that LevelDB's repair wrote names 0.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function checkLogThere(
  version: Version,
  manifestName: string,
  logNumbers: ReadonlySet<number>,
  directory: string,
): void {
  const { logNumber } = version;
  if (logNumber === 0 || logNumbers.has(logNumber)) return;
  if (parseLevelFileName(manifestName)?.number === logNumber) return;
  throw new EngineError(
    'SSTITCH_STORE_CORRUPT',
    'the log that the MANIFEST names is missing: its writes would be lost',
    { path: `${directory}/${logFileName(logNumber)}` },
  );
}

/** Returns the bytes of a MANIFEST that holds a version in one record. */
export function encodeManifest(version: Version): Uint8Array {
  const edit: VersionEdit = {
    comparator: COMPARATOR_NAME,
    logNumber: version.logNumber,
    previousLogNumber: version.previousLogNumber,
    nextFileNumber: version.nextFileNumber,
    lastSequence: version.lastSequence,
    deleted: [],
    added: version.levels.flatMap((tables, level) => tables.map((table) => ({ level, table }))),
  };
  return writeLogRecords([encodeVersionEdit(edit)]);
}

/**
 * Returns a string that changes with every version edit: the current MANIFEST's name and size. Returns undefined while
 * LevelDB replaces the MANIFEST.
 */
export function manifestState(fileSystem: FileSystem, directory: string): string | undefined {
  try {
    const name = readCurrent(fileSystem, directory);
    return `${name} ${fileSystem.status(`${directory}/${name}`).sizeBytes}`;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether to fsync a file when it is written. */
export type Durability = 'synced' | 'unsynced';

/**
 * Writes the MANIFEST and CURRENT of a new database directory. The caller fsyncs the directory.
 *
 * @param manifestNumber the MANIFEST's number, which is below the version's next file number
 */
export function writeManifest(
  fileSystem: FileSystem,
  directory: string,
  version: Version,
  manifestNumber: number,
  durability: Durability = 'synced',
): void {
  const name = manifestFileName(manifestNumber);
  checkVersion(version, `${directory}/${name}`);
  writeNewFile(fileSystem, `${directory}/${name}`, encodeManifest(version), durability);
  const pointer = Buffer.from(`${name}\n`, 'latin1');
  writeNewFile(fileSystem, `${directory}/${CURRENT_FILE}`, pointer, durability);
}

/** Creates a file, writes it and, by default, fsyncs it. The caller fsyncs the directory. */
export function writeNewFile(
  fileSystem: FileSystem,
  path: string,
  bytes: Uint8Array,
  durability: Durability = 'synced',
): void {
  const file = fileSystem.open(path, 'create');
  try {
    file.write(bytes);
    if (durability === 'synced') file.sync();
  } finally {
    file.close();
  }
}

/** Returns the tables of all levels. */
export function tablesOf(version: Version): Array<{ level: number; table: TableEntry }> {
  return version.levels.flatMap((tables, level) => tables.map((table) => ({ level, table })));
}
