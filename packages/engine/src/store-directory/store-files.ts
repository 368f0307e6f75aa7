// The layout of a store's directory.
//
//   CURRENT        "gen-000007\n", the name of the current generation; its replacement by rename is the commit point
//   FORMAT         "sstitch store 1\n", and a line that names the writer
//   gen-000007/    the current generation, a plain LevelDB database; others are past generations
//   RESERVE        random bytes that keep room for a commit on a full disk (disk-reserve.ts)
//   staging/       tables before their commit; emptied on open
//   readers/       private copies of read-only stores, one directory each (reader-directories.ts)
//   recovery/      logs kept while LevelDB opens a generation (kept-logs.ts)
//   salvaged/      complete copies of logs that a salvage changed (salvage-logs.ts); never removed
//
// Invariants:
// - once CURRENT exists, it names a complete and fsynced generation;
// - a generation's number is greater than the numbers of all generations committed before it;
// - while a store is open, its process holds the lock of the generation that CURRENT names. So a process that holds
//   this lock, and still reads the same name in CURRENT, owns the store.

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { parentDirectory, removeTree, unlinkIfThere } from '../files/place-file.js';
import { describeKind, readRegularFile } from '../files/regular-file.js';
import { parseLevelFileName } from '../leveldb/file-names.js';
import { readVersion, writeNewFile } from '../leveldb/manifest.js';
import { refuseOtherDatabase } from '../leveldb/other-databases.js';
import { defineTask } from '../threads/task.js';

/** The version of the store's format. */
const STORE_FORMAT = 1;
const CURRENT_FILE = 'CURRENT';
const CURRENT_TEMPORARY_FILE = 'CURRENT.tmp';
const FORMAT_FILE = 'FORMAT';
/** The disk reserve; see disk-reserve.ts. */
export const RESERVE_FILE = 'RESERVE';
export const STAGING_DIRECTORY = 'staging';
export const READERS_DIRECTORY = 'readers';
export const RECOVERY_DIRECTORY = 'recovery';
/** The name of `recovery` while it is removed. */
export const RECOVERED_DIRECTORY = 'recovery.done';
export const SALVAGED_DIRECTORY = 'salvaged';
const DIRECTORIES: ReadonlySet<string> = new Set([
  STAGING_DIRECTORY,
  READERS_DIRECTORY,
  RECOVERY_DIRECTORY,
  RECOVERED_DIRECTORY,
  SALVAGED_DIRECTORY,
]);
const FORMAT_LINE = /^sstitch store (\d{1,9})$/;
const GENERATION_NAME = /^gen-(\d{6,15})$/;
const MAX_POINTER_SIZE_BYTES = 64;
const MAX_FORMAT_SIZE_BYTES = 4096;

/** Returns the name of a generation's directory. */
export function generationName(number: number): string {
  return `gen-${String(number).padStart(6, '0')}`;
}

/** Returns a generation's number, or undefined for any other name. */
export function parseGenerationName(name: string): number | undefined {
  const match = GENERATION_NAME.exec(name);
  const number = match?.[1] === undefined ? 0 : Number(match[1]);
  return number > 0 && generationName(number) === name ? number : undefined;
}

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
      path: location,
    });
  }
  const names = fileSystem.readdir(realPath);
  checkDirectories(fileSystem, realPath, names);
  if (!names.includes(CURRENT_FILE)) {
    refuseOtherDatabase(fileSystem, realPath, names);
    refuseLostPointer(fileSystem, realPath, names);
    if (!createIfMissing) throw notFound(location);
    const foreign = names.find((name) => !isStoreFile(name));
    if (foreign !== undefined) {
      throw new EngineError(
        'SSTITCH_STORE_FORMAT',
        `the directory is neither empty nor a store: it holds ${JSON.stringify(foreign)}`,
        { path: location },
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
      'the directory is a plain LevelDB database: make a store from it with adopt()',
      { path: directory },
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
      { path },
    );
  }
}

export interface CreateStoreInput {
  readonly directory: string;
  readonly generation: number;
  readonly writtenBy: string;
}

/** Turns a directory that holds a first generation into a store: writes FORMAT, then CURRENT. */
export function createStoreFiles(fileSystem: FileSystem, input: CreateStoreInput): void {
  const { directory, generation } = input;
  syncGeneration(fileSystem, { directory: `${directory}/${generationName(generation)}` });
  unlinkIfThere(fileSystem, `${directory}/${FORMAT_FILE}`);
  writeNewFile(
    fileSystem,
    `${directory}/${FORMAT_FILE}`,
    Buffer.from(`sstitch store ${STORE_FORMAT}\nwritten by ${input.writtenBy}\n`, 'latin1'),
  );
  fileSystem.fsyncDir(directory);
  fileSystem.fsyncDir(parentDirectory(directory));
  preparePointer(fileSystem, { directory, generation });
  swapPointer(fileSystem, { directory });
}

export const createStoreFilesTask = defineTask('createStoreFiles', createStoreFiles);

/** Returns the paths of the files that `createStoreFiles` makes, CURRENT last. */
export function storePointerPaths(directory: string): string[] {
  return [FORMAT_FILE, CURRENT_TEMPORARY_FILE, CURRENT_FILE].map((name) => `${directory}/${name}`);
}

export interface PointerInput {
  readonly directory: string;
  readonly generation: number;
}

/** Writes and fsyncs the next CURRENT under its temporary name. This is the slow half of the swap. */
function preparePointer(fileSystem: FileSystem, { directory, generation }: PointerInput): void {
  const path = `${directory}/${CURRENT_TEMPORARY_FILE}`;
  unlinkIfThere(fileSystem, path);
  writeNewFile(fileSystem, path, Buffer.from(`${generationName(generation)}\n`, 'latin1'));
  // This also makes the generation's name durable before CURRENT can name it.
  fileSystem.fsyncDir(directory);
}

export const preparePointerTask = defineTask('preparePointer', preparePointer);

/** Removes a prepared CURRENT that will not be swapped in. */
function discardPointer(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  unlinkIfThere(fileSystem, `${directory}/${CURRENT_TEMPORARY_FILE}`);
}

export const discardPointerTask = defineTask('discardPointer', discardPointer);

/**
 * Replaces CURRENT: the commit point. A crash between the rename and the fsync leaves the old or the new name; a crash
 * after the fsync leaves the new one.
 */
function swapPointer(fileSystem: FileSystem, { directory }: { readonly directory: string }): void {
  fileSystem.rename(`${directory}/${CURRENT_TEMPORARY_FILE}`, `${directory}/${CURRENT_FILE}`);
  fileSystem.fsyncDir(directory);
}

export const swapPointerTask = defineTask('swapPointer', swapPointer);

/**
 * Fsyncs a generation's directory, which LevelDB's open does not (docs/leveldb-rules.md, rule 17). LevelDB has fsynced
 * MANIFEST and CURRENT itself, through the descriptors that wrote them. A new log is empty until the first synced write.
 */
function syncGeneration(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  fileSystem.fsyncDir(directory);
}

export const syncGenerationTask = defineTask('syncGeneration', syncGeneration);

export interface CleanStoreInput {
  readonly directory: string;
  readonly generation: number;
  /** Names of private copies whose process has ended. */
  readonly staleReaders: readonly string[];
}

/**
 * Removes what a crash or a killed reader left: other generations, `staging`, a prepared CURRENT, private copies.
 *
 * @returns the greatest generation number seen, from which numbering continues
 */
function cleanStore(fileSystem: FileSystem, input: CleanStoreInput): number {
  const { directory, generation } = input;
  let greatest = generation;
  let removed = false;
  for (const name of fileSystem.readdir(directory)) {
    const number = parseGenerationName(name);
    if (number !== undefined) greatest = Math.max(greatest, number);
    if ((number !== undefined && number !== generation) || name === STAGING_DIRECTORY) {
      removeTree(fileSystem, `${directory}/${name}`);
      removed = true;
    } else if (name === CURRENT_TEMPORARY_FILE) {
      unlinkIfThere(fileSystem, `${directory}/${name}`);
      removed = true;
    }
  }
  for (const name of input.staleReaders) {
    removeTree(fileSystem, `${directory}/${READERS_DIRECTORY}/${name}`);
  }
  if (removed) fileSystem.fsyncDir(directory);
  return greatest;
}

export const cleanStoreTask = defineTask('cleanStore', cleanStore);

/** Makes the directory of a new generation, which must not exist. */
function makeGeneration(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  fileSystem.mkdir(directory);
}

export const makeGenerationTask = defineTask('makeGeneration', makeGeneration);

/** Removes a directory and its contents. */
function removeDirectory(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  removeTree(fileSystem, directory);
}

export const removeDirectoryTask = defineTask('removeDirectory', removeDirectory);

/**
 * Makes a directory and its missing parents, whose names it fsyncs.
 *
 * @returns false if the directory exists already
 */
export function mkdirs(fileSystem: FileSystem, directory: string): boolean {
  try {
    fileSystem.mkdir(directory);
    return true;
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'EEXIST') return false;
    if (code !== 'ENOENT') throw error;
    const parent = parentDirectory(directory);
    if (parent === directory) throw error;
    mkdirs(fileSystem, parent);
    // A store is only as durable as the names of its parents. Its own name is fsynced with its files.
    fileSystem.fsyncDir(parentDirectory(parent));
    fileSystem.mkdir(directory);
    return true;
  }
}

/** Whether a path exists. */
export function isThere(fileSystem: FileSystem, path: string): boolean {
  try {
    fileSystem.status(path);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Makes a directory unless it exists. */
export function mkdir(fileSystem: FileSystem, { directory }: { readonly directory: string }): void {
  try {
    fileSystem.mkdir(directory);
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw error;
  }
}

export const mkdirTask = defineTask('mkdir', mkdir);
