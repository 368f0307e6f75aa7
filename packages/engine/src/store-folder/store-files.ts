// The files of a store beside its generations, and their order on disk.
//
//   CURRENT        "gen-000007\n": the generation in force; replaced by rename, the commit point
//   FORMAT         "sstitch store 1\n" and a line that says what wrote it
//   gen-000007/    a plain LevelDB database
//   RESERVE        bytes that mean nothing, given up where a commit has to free room on a full disk
//   staging/       tables on their way in; emptied on open
//   readers/       private copies of read-only opens, one folder each
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
import { parentFolder, removeTree, syncFile, unlinkIfThere } from '../files/place-file.js';
import { describeKind, readRegularFile } from '../files/regular-file.js';
import { parseLevelFileName } from '../leveldb/file-names.js';
import { readVersion, writeNewFile } from '../leveldb/manifest.js';
import { refuseOtherDatabase } from '../leveldb/other-databases.js';
import { defineTask } from '../threads/task.js';

export const STORE_FORMAT = 1;
const CURRENT_FILE = 'CURRENT';
const CURRENT_TEMPORARY_FILE = 'CURRENT.tmp';
const FORMAT_FILE = 'FORMAT';
/** Room for a commit that frees some; see commit/disk-reserve.ts. */
export const RESERVE_FILE = 'RESERVE';
export const STAGING_FOLDER = 'staging';
export const READERS_FOLDER = 'readers';
export const RECOVERY_FOLDER = 'recovery';
/** Being removed. */
export const RECOVERED_FOLDER = 'recovery.done';
export const SALVAGED_FOLDER = 'salvaged';
const FOLDERS: ReadonlySet<string> = new Set([
  STAGING_FOLDER,
  READERS_FOLDER,
  RECOVERY_FOLDER,
  RECOVERED_FOLDER,
  SALVAGED_FOLDER,
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
  /** The store's folder with every symbolic link resolved: what the process's registry knows it by. */
  readonly realPath: string;
  /** The generation that CURRENT names; undefined where a store is to be made. */
  readonly generation: number | undefined;
}

/** Finds out what there is at a location, and makes the folder where a store is to be made. */
export function prepareOpen(fileSystem: FileSystem, input: PrepareOpenInput): PreparedOpen {
  const { location, createIfMissing, errorIfExists } = input;
  if (!isThere(fileSystem, location)) {
    if (!createIfMissing) throw notFound(location);
    makeFolders(fileSystem, location);
  }
  const realPath = fileSystem.realPath(location);
  if (fileSystem.status(realPath).kind !== 'folder') {
    throw new EngineError('SSTITCH_STORE_FORMAT', 'the store is not a folder', { path: location });
  }
  const names = fileSystem.readFolder(realPath);
  checkFolders(fileSystem, realPath, names);
  if (!names.includes(CURRENT_FILE)) {
    refuseOtherDatabase(fileSystem, realPath, names);
    if (!createIfMissing) throw notFound(location);
    const foreign = names.find((name) => !isStoreFile(name));
    if (foreign !== undefined) {
      throw new EngineError(
        'SSTITCH_STORE_FORMAT',
        `the folder is not empty and not a store: it holds ${JSON.stringify(foreign)}`,
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

/** Through a link in the place of a folder, files outside the store would be made and removed. */
function checkFolders(fileSystem: FileSystem, folder: string, names: readonly string[]): void {
  for (const name of names) {
    if (!FOLDERS.has(name) && parseGenerationName(name) === undefined) continue;
    const path = `${folder}/${name}`;
    let kind: ReturnType<FileSystem['status']>['kind'];
    try {
      kind = fileSystem.status(path).kind;
    } catch (error) {
      // Removed by the store's owner meanwhile.
      if (errorCodeOf(error) === 'ENOENT') continue;
      throw error;
    }
    if (kind !== 'folder') {
      throw new EngineError(
        'SSTITCH_STORE_CORRUPT',
        `${describeKind(kind)} is not a folder of the store`,
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
    name === STAGING_FOLDER ||
    name === READERS_FOLDER ||
    parseGenerationName(name) !== undefined
  );
}

/** Reads the number of the generation in force. */
export function readPointer(fileSystem: FileSystem, folder: string): number {
  const path = `${folder}/${CURRENT_FILE}`;
  const bytes = readRegularFile(fileSystem, path, MAX_POINTER_SIZE_BYTES);
  const text = Buffer.from(bytes).toString('latin1');
  const number = text.endsWith('\n') ? parseGenerationName(text.slice(0, -1)) : undefined;
  if (number !== undefined) return number;
  if (parseLevelFileName(text.trimEnd())?.kind === 'manifest') {
    refuseUnadoptable(fileSystem, folder);
    throw new EngineError(
      'SSTITCH_STORE_FORMAT',
      'the folder is a plain LevelDB database: adopt it to make a store of it',
      { path: folder },
    );
  }
  throw new EngineError('SSTITCH_STORE_CORRUPT', 'CURRENT does not name a generation', { path });
}

/** What `adopt` would refuse is not to be adopted. */
function refuseUnadoptable(fileSystem: FileSystem, folder: string): void {
  refuseOtherDatabase(fileSystem, folder);
  try {
    readVersion(fileSystem, folder);
  } catch (error) {
    if (errorCodeOf(error) === 'SSTITCH_STORE_FORMAT') throw error;
  }
}

function checkFormat(fileSystem: FileSystem, folder: string): void {
  const path = `${folder}/${FORMAT_FILE}`;
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
  readonly folder: string;
  readonly generation: number;
  readonly writtenBy: string;
}

/** Makes a store of a folder that has its first generation already: FORMAT, then CURRENT. */
export function createStoreFiles(fileSystem: FileSystem, input: CreateStoreInput): void {
  const { folder, generation } = input;
  syncGeneration(fileSystem, { folder: `${folder}/${generationName(generation)}` });
  unlinkIfThere(fileSystem, `${folder}/${FORMAT_FILE}`);
  writeNewFile(
    fileSystem,
    `${folder}/${FORMAT_FILE}`,
    Buffer.from(`sstitch store ${STORE_FORMAT}\nwritten by ${input.writtenBy}\n`, 'latin1'),
  );
  fileSystem.syncFolder(folder);
  fileSystem.syncFolder(parentFolder(folder));
  preparePointer(fileSystem, { folder, generation });
  swapPointer(fileSystem, { folder });
}

export const createStoreFilesTask = defineTask('createStoreFiles', createStoreFiles);

/** The files that `createStoreFiles` makes in a store's folder, CURRENT last. */
export function storePointerPaths(folder: string): string[] {
  return [FORMAT_FILE, CURRENT_TEMPORARY_FILE, CURRENT_FILE].map((name) => `${folder}/${name}`);
}

export interface PointerInput {
  readonly folder: string;
  readonly generation: number;
}

/** Writes and syncs the next CURRENT under its temporary name: the slow half of the swap. */
export function preparePointer(fileSystem: FileSystem, { folder, generation }: PointerInput): void {
  const path = `${folder}/${CURRENT_TEMPORARY_FILE}`;
  unlinkIfThere(fileSystem, path);
  writeNewFile(fileSystem, path, Buffer.from(`${generationName(generation)}\n`, 'latin1'));
  // Makes the generation's own name durable, before any CURRENT can name it.
  fileSystem.syncFolder(folder);
}

export const preparePointerTask = defineTask('preparePointer', preparePointer);

/** Takes away a next CURRENT that was prepared and will not be swapped. */
export function discardPointer(
  fileSystem: FileSystem,
  { folder }: { readonly folder: string },
): void {
  unlinkIfThere(fileSystem, `${folder}/${CURRENT_TEMPORARY_FILE}`);
}

export const discardPointerTask = defineTask('discardPointer', discardPointer);

/** The commit point. After the rename a crash gives old or new; after the sync it gives new. */
export function swapPointer(fileSystem: FileSystem, { folder }: { readonly folder: string }): void {
  fileSystem.rename(`${folder}/${CURRENT_TEMPORARY_FILE}`, `${folder}/${CURRENT_FILE}`);
  fileSystem.syncFolder(folder);
}

export const swapPointerTask = defineTask('swapPointer', swapPointer);

/**
 * Syncs what LevelDB's open wrote and did not sync: MANIFEST, CURRENT, the log, the folder
 * (docs/leveldb-rules.md, rule 17). Not the tables, which are synced by whoever writes them, and never LOCK:
 * closing any descriptor of it would drop the process's lock (rule 18).
 */
export function syncGeneration(
  fileSystem: FileSystem,
  { folder }: { readonly folder: string },
): void {
  for (const name of fileSystem.readFolder(folder)) {
    const kind = parseLevelFileName(name)?.kind;
    if (kind === 'manifest' || kind === 'current' || kind === 'log') {
      try {
        syncFile(fileSystem, `${folder}/${name}`);
      } catch (error) {
        // A log that LevelDB has replaced meanwhile: what it held is in a synced table.
        if (errorCodeOf(error) !== 'ENOENT') throw error;
      }
    }
  }
  fileSystem.syncFolder(folder);
}

export const syncGenerationTask = defineTask('syncGeneration', syncGeneration);

export interface CleanStoreInput {
  readonly folder: string;
  readonly generation: number;
  /** Names of read-only copies whose process is gone. */
  readonly staleReaders: readonly string[];
}

/**
 * Removes what a crash or a killed reader left: other generations, staging, a pointer never swapped.
 * Gives the greatest generation number seen, so that numbers go on from there.
 */
export function cleanStore(fileSystem: FileSystem, input: CleanStoreInput): number {
  const { folder, generation } = input;
  let greatest = generation;
  let removed = false;
  for (const name of fileSystem.readFolder(folder)) {
    const number = parseGenerationName(name);
    if (number !== undefined) greatest = Math.max(greatest, number);
    if ((number !== undefined && number !== generation) || name === STAGING_FOLDER) {
      removeTree(fileSystem, `${folder}/${name}`);
      removed = true;
    } else if (name === CURRENT_TEMPORARY_FILE) {
      unlinkIfThere(fileSystem, `${folder}/${name}`);
      removed = true;
    }
  }
  for (const name of input.staleReaders) {
    removeTree(fileSystem, `${folder}/${READERS_FOLDER}/${name}`);
  }
  if (removed) fileSystem.syncFolder(folder);
  return greatest;
}

export const cleanStoreTask = defineTask('cleanStore', cleanStore);

/** Makes the folder of a new generation: it must not be there. */
export function makeGeneration(
  fileSystem: FileSystem,
  { folder }: { readonly folder: string },
): void {
  fileSystem.makeFolder(folder);
}

export const makeGenerationTask = defineTask('makeGeneration', makeGeneration);

/** Removes a folder and what is in it. */
export function removeFolder(
  fileSystem: FileSystem,
  { folder }: { readonly folder: string },
): void {
  removeTree(fileSystem, folder);
}

export const removeFolderTask = defineTask('removeFolder', removeFolder);

/** Makes a folder and those above it that are missing, whose names are synced; false if it is there. */
export function makeFolders(fileSystem: FileSystem, folder: string): boolean {
  try {
    fileSystem.makeFolder(folder);
    return true;
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'EEXIST') return false;
    if (code !== 'ENOENT') throw error;
    const parent = parentFolder(folder);
    if (parent === folder) throw error;
    makeFolders(fileSystem, parent);
    // A store is as durable as the names that lead to it; its own is synced with its files.
    fileSystem.syncFolder(parentFolder(parent));
    fileSystem.makeFolder(folder);
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

/** Makes a folder that may be there already. */
export function makeFolder(fileSystem: FileSystem, { folder }: { readonly folder: string }): void {
  try {
    fileSystem.makeFolder(folder);
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw error;
  }
}

export const makeFolderTask = defineTask('makeFolder', makeFolder);
