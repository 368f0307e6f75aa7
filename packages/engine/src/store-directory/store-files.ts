// The files of a store beside its generations, and their order on disk.
//
//   CURRENT        "gen-000007\n": the generation in force; replaced by rename, the commit point
//   FORMAT         "sstitch store 1\n" and a line that says what wrote it
//   gen-000007/    a plain LevelDB database
//   RESERVE        bytes that mean nothing, given up where a commit has to free room on a full disk
//   staging/       tables on their way in; emptied on open
//   readers/       private copies of read-only opens, one directory each
//   recovery/      logs kept while LevelDB opens a generation (recovery/kept-logs.ts)
//   salvaged/      whole logs of which a salvage kept a part (recovery/salvage-logs.ts); never removed
//
// Invariants:
// - once CURRENT exists it names a whole, synced generation;
// - a generation's number is greater than that of every generation committed before it;
// - while a store is open, its process holds the lock of the generation that CURRENT names, so
//   whoever holds that lock, and then still reads the same name in CURRENT, owns the store.

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { parentDirectory, removeTree, unlinkIfThere } from '../files/place-file.js';
import { describeKind, readRegularFile } from '../files/regular-file.js';
import { parseLevelFileName } from '../leveldb/file-names.js';
import { readVersion, writeNewFile } from '../leveldb/manifest.js';
import { refuseOtherDatabase } from '../leveldb/other-databases.js';
import { defineTask } from '../threads/task.js';

const STORE_FORMAT = 1;
const CURRENT_FILE = 'CURRENT';
const CURRENT_TEMPORARY_FILE = 'CURRENT.tmp';
const FORMAT_FILE = 'FORMAT';
/** Room for a commit that frees some; see commit/disk-reserve.ts. */
export const RESERVE_FILE = 'RESERVE';
export const STAGING_DIRECTORY = 'staging';
export const READERS_DIRECTORY = 'readers';
export const RECOVERY_DIRECTORY = 'recovery';
/** Being removed. */
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

export function generationName(number: number): string {
  return `gen-${String(number).padStart(6, '0')}`;
}

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
  /** The store's directory with every symbolic link resolved: what the process's registry knows it by. */
  readonly realPath: string;
  /** The generation that CURRENT names; undefined where a store is to be made. */
  readonly generation: number | undefined;
}

/** Finds out what there is at a location, and makes the directory where a store is to be made. */
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
    if (!createIfMissing) throw notFound(location);
    const foreign = names.find((name) => !isStoreFile(name));
    if (foreign !== undefined) {
      throw new EngineError(
        'SSTITCH_STORE_FORMAT',
        `the directory is not empty and not a store: it holds ${JSON.stringify(foreign)}`,
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

export const prepareOpenTask = defineTask('prepareOpen', prepareOpen);

/** Through a link in the place of a directory, files outside the store would be made and removed. */
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
      // Removed by the store's owner meanwhile.
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

/** What a store's making may leave when it is cut short. */
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

/** Reads the number of the generation in force. */
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
      'the directory is a plain LevelDB database: adopt it to make a store of it',
      { path: directory },
    );
  }
  throw new EngineError('SSTITCH_STORE_CORRUPT', 'CURRENT does not name a generation', { path });
}

/** What `adopt` would refuse is not to be adopted. */
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
    throw new EngineError('SSTITCH_STORE_CORRUPT', 'FORMAT does not say which format', { path });
  }
  if (Number(number) !== STORE_FORMAT) {
    throw new EngineError(
      'SSTITCH_STORE_FORMAT',
      `the store has format ${number}, this version reads format ${STORE_FORMAT}`,
      { path },
    );
  }
}

export interface CreateStoreInput {
  readonly directory: string;
  readonly generation: number;
  readonly writtenBy: string;
}

/** Makes a store of a directory that has its first generation already: FORMAT, then CURRENT. */
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

/** The files that `createStoreFiles` makes in a store's directory, CURRENT last. */
export function storePointerPaths(directory: string): string[] {
  return [FORMAT_FILE, CURRENT_TEMPORARY_FILE, CURRENT_FILE].map((name) => `${directory}/${name}`);
}

export interface PointerInput {
  readonly directory: string;
  readonly generation: number;
}

/** Writes and syncs the next CURRENT under its temporary name: the slow half of the swap. */
function preparePointer(fileSystem: FileSystem, { directory, generation }: PointerInput): void {
  const path = `${directory}/${CURRENT_TEMPORARY_FILE}`;
  unlinkIfThere(fileSystem, path);
  writeNewFile(fileSystem, path, Buffer.from(`${generationName(generation)}\n`, 'latin1'));
  // Makes the generation's own name durable, before any CURRENT can name it.
  fileSystem.fsyncDir(directory);
}

export const preparePointerTask = defineTask('preparePointer', preparePointer);

/** Takes away a next CURRENT that was prepared and will not be swapped. */
function discardPointer(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  unlinkIfThere(fileSystem, `${directory}/${CURRENT_TEMPORARY_FILE}`);
}

export const discardPointerTask = defineTask('discardPointer', discardPointer);

/** The commit point. After the rename a crash gives old or new; after the sync it gives new. */
function swapPointer(fileSystem: FileSystem, { directory }: { readonly directory: string }): void {
  fileSystem.rename(`${directory}/${CURRENT_TEMPORARY_FILE}`, `${directory}/${CURRENT_FILE}`);
  fileSystem.fsyncDir(directory);
}

export const swapPointerTask = defineTask('swapPointer', swapPointer);

/**
 * Syncs what LevelDB's open leaves unsynced: the names in the directory (docs/leveldb-rules.md, rule 17). MANIFEST and
 * CURRENT it has synced itself, by the descriptors that it wrote them by; a new log is empty until a write that is
 * synced.
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
  /** Names of read-only copies whose process is gone. */
  readonly staleReaders: readonly string[];
}

/**
 * Removes what a crash or a killed reader left: other generations, staging, a pointer never swapped.
 * Gives the greatest generation number seen, so that numbers go on from there.
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

/** Makes the directory of a new generation: it must not be there. */
function makeGeneration(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  fileSystem.mkdir(directory);
}

export const makeGenerationTask = defineTask('makeGeneration', makeGeneration);

/** Removes a directory and what is in it. */
function removeDirectory(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  removeTree(fileSystem, directory);
}

export const removeDirectoryTask = defineTask('removeDirectory', removeDirectory);

/** Makes a directory and those above it that are missing, whose names are synced; false if it is there. */
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
    // A store is as durable as the names that lead to it; its own is synced with its files.
    fileSystem.fsyncDir(parentDirectory(parent));
    fileSystem.mkdir(directory);
    return true;
  }
}

export function isThere(fileSystem: FileSystem, path: string): boolean {
  try {
    fileSystem.status(path);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Makes a directory that may be there already. */
export function mkdir(fileSystem: FileSystem, { directory }: { readonly directory: string }): void {
  try {
    fileSystem.mkdir(directory);
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw error;
  }
}

export const mkdirTask = defineTask('mkdir', mkdir);
