// Inspects the location of a store before anything in it is opened: whether there is a store, of which generation, or
// something else that must not be touched. See store-files.ts for the layout.
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { describeKind, readRegularFile } from '../files/regular-file.js';
import { parseLevelFileName } from '../leveldb/file-names.js';
import { readVersion } from '../leveldb/manifest.js';
import { refuseOtherDatabase } from '../leveldb/other-databases.js';
import { defineTask } from '../threads/task.js';
import {
  CURRENT_FILE,
  CURRENT_TEMPORARY_FILE,
  FORMAT_FILE,
  isThere,
  mkdirs,
  parseGenerationName,
  READERS_DIRECTORY,
  RECOVERED_DIRECTORY,
  RECOVERY_DIRECTORY,
  RESERVE_FILE,
  SALVAGED_DIRECTORY,
  STAGING_DIRECTORY,
  STORE_FORMAT,
} from './store-files.js';

const DIRECTORIES: ReadonlySet<string> = new Set([
  STAGING_DIRECTORY,
  READERS_DIRECTORY,
  RECOVERY_DIRECTORY,
  RECOVERED_DIRECTORY,
  SALVAGED_DIRECTORY,
]);
const FORMAT_LINE = /^sstitch store (\d{1,9})$/;
const MAX_POINTER_SIZE_BYTES = 64;
const MAX_FORMAT_SIZE_BYTES = 4096;

export interface PrepareOpenInput {
  readonly location: string;
  readonly createIfMissing: boolean;
  readonly errorIfExists: boolean;
}

export interface PreparedOpen {
  /** The store's directory with all symbolic links resolved, which identifies it in the process (open-stores.ts). */
  readonly realPath: string;
  /** The generation that CURRENT names, or undefined if the store has yet to be made. */
  readonly generation: number | undefined;
}

/**
 * Inspects a location, and makes the directory if a store is to be made.
 *
 * @throws EngineError SSTITCH_STORE_NOT_FOUND, SSTITCH_STORE_EXISTS, SSTITCH_STORE_FORMAT, SSTITCH_STORE_CORRUPT
 */
function prepareOpen(fileSystem: FileSystem, input: PrepareOpenInput): PreparedOpen {
  const { location, createIfMissing, errorIfExists } = input;
  if (!isThere(fileSystem, location)) {
    if (!createIfMissing) throw notFound(location);
    mkdirs(fileSystem, location);
  }
  const realPath = fileSystem.realPath(location);
  if (fileSystem.status(realPath).kind !== 'directory') {
    throw new EngineError('SSTITCH_STORE_FORMAT', 'the store is not a directory', {
      reason: 'not-a-directory',
      path: location,
    });
  }
  const names = fileSystem.readdir(realPath);
  checkDirectories(fileSystem, realPath, names);
  if (!names.includes(CURRENT_FILE)) {
    refuseOtherDatabase(fileSystem, realPath, names);
    refuseLostPointer(fileSystem, realPath, names);
    if (!createIfMissing) throw notFound(location);
    refuseUnfinishedCopy(fileSystem, realPath, names);
    const foreign = names.find((name) => !isStoreFile(name));
    if (foreign !== undefined) {
      throw new EngineError(
        'SSTITCH_STORE_FORMAT',
        `the directory is neither empty nor a store: it holds ${JSON.stringify(foreign)}`,
        { reason: 'other-files', path: location },
      );
    }
    return { realPath, generation: undefined };
  }
  const generation = readPointer(fileSystem, realPath);
  checkFormat(fileSystem, realPath);
  if (errorIfExists) {
    throw new EngineError('SSTITCH_STORE_EXISTS', 'the store exists already', { path: location });
  }
  return { realPath, generation };
}

/**
 * Refuses a store that has lost its CURRENT. Only a first generation is made before CURRENT exists, so a later one
 * shows that the store is not being made: to make it would remove what it holds.
 */
function refuseLostPointer(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
): void {
  const later = names.filter((name) => (parseGenerationName(name) ?? 0) > 1).sort();
  const newest = later.at(-1);
  const path = `${directory}/${CURRENT_FILE}`;
  // Another process may have made the store since the names were read.
  if (newest === undefined || isThere(fileSystem, path)) return;
  throw new EngineError(
    'SSTITCH_STORE_CORRUPT',
    `the store has lost its CURRENT file: restore one that names its generation (${newest} is there)`,
    { path },
  );
}

/**
 * Refuses to make a store where a checkpoint or an adoption makes one, or was killed. An open makes the staging directory
 * only in a store that has its CURRENT.
 */
function refuseUnfinishedCopy(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
): void {
  // Another process may have made the store since the names were read.
  if (!names.includes(STAGING_DIRECTORY) || isThere(fileSystem, `${directory}/${CURRENT_FILE}`)) {
    return;
  }
  const generation = names.find((name) => parseGenerationName(name) !== undefined);
  throw new EngineError(
    'SSTITCH_STORE_FORMAT',
    generation === undefined
      ? 'a copy is being made in the directory, or was never finished: if no process makes it, remove the directory'
      : `a copy is being made in the directory, or was never finished, or the store has lost its CURRENT file (${generation} is there)`,
    { reason: 'other-files', path: directory },
  );
}

export const prepareOpenTask = defineTask('prepareOpen', prepareOpen);

/**
 * Checks that the names of a store's directories are directories. Through a symbolic link, files outside the store
 * would be made and removed.
 */
function checkDirectories(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
): void {
  for (const name of names) {
    if (!DIRECTORIES.has(name) && parseGenerationName(name) === undefined) continue;
    const path = `${directory}/${name}`;
    let kind: ReturnType<FileSystem['status']>['kind'];
    try {
      kind = fileSystem.status(path).kind;
    } catch (error) {
      // The store's owner has removed it meanwhile.
      if (errorCodeOf(error) === 'ENOENT') continue;
      throw error;
    }
    if (kind !== 'directory') {
      throw new EngineError(
        'SSTITCH_STORE_CORRUPT',
        `${describeKind(kind)} is not a directory of the store`,
        { path },
      );
    }
  }
}

function notFound(path: string): EngineError {
  return new EngineError('SSTITCH_STORE_NOT_FOUND', 'the store does not exist', { path });
}

/** Whether a name can be left by an interrupted creation of a store. */
function isStoreFile(name: string): boolean {
  return (
    name === FORMAT_FILE ||
    name === RESERVE_FILE ||
    name === CURRENT_TEMPORARY_FILE ||
    name === STAGING_DIRECTORY ||
    name === READERS_DIRECTORY ||
    parseGenerationName(name) !== undefined
  );
}

/** Reads the number of the current generation. @throws EngineError SSTITCH_STORE_FORMAT, SSTITCH_STORE_CORRUPT */
function readPointer(fileSystem: FileSystem, directory: string): number {
  const path = `${directory}/${CURRENT_FILE}`;
  const bytes = readRegularFile(fileSystem, path, MAX_POINTER_SIZE_BYTES);
  const text = Buffer.from(bytes).toString('latin1');
  const number = text.endsWith('\n') ? parseGenerationName(text.slice(0, -1)) : undefined;
  if (number !== undefined) return number;
  if (parseLevelFileName(text.trimEnd())?.kind === 'manifest') {
    refuseUnadoptable(fileSystem, directory);
    throw new EngineError(
      'SSTITCH_STORE_FORMAT',
      'the directory is a plain LevelDB database, not a store: adopt makes a store of it',
      { reason: 'leveldb-database', path: directory },
    );
  }
  throw new EngineError('SSTITCH_STORE_CORRUPT', 'CURRENT does not name a generation', { path });
}

/** Throws if `adopt` would refuse the database, so that no error advises to adopt it. */
function refuseUnadoptable(fileSystem: FileSystem, directory: string): void {
  refuseOtherDatabase(fileSystem, directory);
  try {
    readVersion(fileSystem, directory);
  } catch (error) {
    if (errorCodeOf(error) === 'SSTITCH_STORE_FORMAT') throw error;
  }
}

function checkFormat(fileSystem: FileSystem, directory: string): void {
  const path = `${directory}/${FORMAT_FILE}`;
  let text: string;
  try {
    const bytes = readRegularFile(fileSystem, path, MAX_FORMAT_SIZE_BYTES);
    text = Buffer.from(bytes).toString('latin1');
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
    throw new EngineError('SSTITCH_STORE_CORRUPT', 'the store has no FORMAT file', { path });
  }
  const number = FORMAT_LINE.exec(text.split('\n', 1)[0] ?? '')?.[1];
  if (number === undefined) {
    throw new EngineError('SSTITCH_STORE_CORRUPT', 'FORMAT does not state a format', { path });
  }
  if (Number(number) !== STORE_FORMAT) {
    throw new EngineError(
      'SSTITCH_STORE_FORMAT',
      `the store has format ${number}, but this version reads format ${STORE_FORMAT}`,
      { reason: 'format-unknown', path },
    );
  }
}
