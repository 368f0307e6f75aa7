// The version a LevelDB directory is at: CURRENT names a MANIFEST, whose edits, applied in order, give
// the tables of each level and the counters.
//
// What is written here is one record (docs/leveldb-rules.md, rule 2), so that no torn write can leave an older
// version that LevelDB would accept.
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

/** The tables and counters of a LevelDB database at one moment. */
export interface Version {
  /** Level 0 by ascending number (oldest first); the others by ascending key. */
  readonly levels: ReadonlyArray<readonly TableEntry[]>;
  /** Logs with this number or a higher one are replayed on open. */
  readonly logNumber: number;
  /** 0, or one more log to replay. */
  readonly previousLogNumber: number;
  /** Greater than every file number in use. */
  readonly nextFileNumber: number;
  /** At least the sequence of every entry in the tables. */
  readonly lastSequence: number;
}

/** LevelDB packs sequence and type into 64 bits; sequences this near the limit leave it no room. */
export const MAX_USABLE_SEQUENCE = Number.MAX_SAFE_INTEGER;

/** What is laid out after it goes on counting: numbers above 2^53 are not exact. */
const MAX_FILE_NUMBER = 2 ** 52;

/** LevelDB reads whole CURRENT files; a real one has under 30 bytes. */
const MAX_CURRENT_SIZE_BYTES = 64;

/** About two million tables; LevelDB begins a new MANIFEST at each open. */
export const MAX_MANIFEST_SIZE_BYTES = 256 * 1024 * 1024;

/**
 * Reads the name of the MANIFEST in force.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT when CURRENT names anything but a MANIFEST beside it:
 * LevelDB would follow `../`.
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
 * Reads the version a directory is at. The database may be open and compacting: a MANIFEST that ends
 * in half a record is read up to there. ENOENT means that the database was reopened or removed
 * meanwhile; the caller reads again.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function readVersion(fileSystem: FileSystem, directory: string): Version {
  const path = `${directory}/${readCurrent(fileSystem, directory)}`;
  const bytes = readRegularFile(fileSystem, path, MAX_MANIFEST_SIZE_BYTES);
  return applyEdits(readEdits(bytes, path), path);
}

/** The edits in a MANIFEST's bytes; returns what `readLogRecords` returns. */
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

/** The version that edits lead to, checked by every rule that can be checked without the tables. */
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
    // LevelDB's builder removes first and adds then, so that a file may move within one edit.
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

/** Without the MANIFEST's bytes, which would be kept, and go along in each message to a thread. */
function copyOf({ number, sizeBytes, smallest, largest }: TableEntry): TableEntry {
  return { number, sizeBytes, smallest: smallest.slice(), largest: largest.slice() };
}

function sortLevel(tables: TableEntry[], level: number): TableEntry[] {
  return level === 0
    ? tables.sort((a, b) => a.number - b.number)
    : // As LevelDB: of tables that begin with one user key, the one with its newest version comes first.
      tables.sort((a, b) => compareInternalKeys(a.smallest, b.smallest));
}

/**
 * Checks what LevelDB takes for granted: breaking it aborts the process, hides keys, or overwrites
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
        throw corrupt(`lists table ${table.number}, its next file is ${version.nextFileNumber}`);
      }
      if (numbers.has(table.number)) throw corrupt(`lists table ${table.number} twice`);
      numbers.add(table.number);
      const smallest = userKeyOf(table.smallest);
      if (compareBytes(smallest, userKeyOf(table.largest)) > 0) {
        throw corrupt(`gives table ${table.number} inverted bounds`);
      }
      // Equal bounds pass here: LevelDB itself makes such pairs, and planVersion heals them.
      if (level > 0 && before && compareBytes(userKeyOf(before.largest), smallest) > 0) {
        throw corrupt(`has tables ${before.number} and ${table.number} overlap in level ${level}`);
      }
      before = table;
    }
  }
}

/**
 * Checks that the log which a MANIFEST names is there: LevelDB makes it before it names it, and opens
 * without a word where it is gone, or where a split MANIFEST names one that was replaced since. A MANIFEST
 * that this program wrote names its own number instead, for which there is no log; a MANIFEST that LevelDB's
 * repair wrote names 0, which is none.
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
    'the log that the MANIFEST names is missing: what it held would be lost',
    { path: `${directory}/${logFileName(logNumber)}` },
  );
}

/** The bytes of a MANIFEST that holds this version in one record. */
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
 * Changes with every edit of the version in force: CURRENT's target, and its size. Undefined while LevelDB
 * replaces the one by another.
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

/** Whether a file is on stable storage once it is written, or its writer sees to that later. */
export type Durability = 'synced' | 'unsynced';

/**
 * Writes MANIFEST and CURRENT of a new database directory and syncs both; the directory itself is the
 * caller's to sync. The MANIFEST takes `manifestNumber`, which the version's next file exceeds.
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

/** Creates a file, writes it and returns when it is on stable storage (its name is not yet). */
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

/** Number and names of the tables of all levels. */
export function tablesOf(version: Version): Array<{ level: number; table: TableEntry }> {
  return version.levels.flatMap((tables, level) => tables.map((table) => ({ level, table })));
}
