// The layout of a store's directory.
//
//   CURRENT        "gen-000007\n", the name of the current generation; its replacement by rename is the commit point
//                  (current-pointer.ts)
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

import { dirname } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { removeTree, unlinkIfThere } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';

/** The version of the store's format. */
export const STORE_FORMAT = 1;
export const CURRENT_FILE = 'CURRENT';
export const CURRENT_TEMPORARY_FILE = 'CURRENT.tmp';
export const FORMAT_FILE = 'FORMAT';
/** The disk reserve; see disk-reserve.ts. */
export const RESERVE_FILE = 'RESERVE';
export const STAGING_DIRECTORY = 'staging';
/** The tables that are being built in a directory for Pebble. */
export const BUILD_DIRECTORY = 'building';
export const READERS_DIRECTORY = 'readers';
export const RECOVERY_DIRECTORY = 'recovery';
/** The name of `recovery` while it is removed. */
export const RECOVERED_DIRECTORY = 'recovery.done';
export const SALVAGED_DIRECTORY = 'salvaged';
const GENERATION_NAME = /^gen-(\d{6,15})$/;

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

/**
 * Fsyncs a generation's directory, which LevelDB's open does not (docs/leveldb-rules.md, rule 17). LevelDB has fsynced
 * MANIFEST and CURRENT itself, through the descriptors that wrote them. A new log is empty until the first synced write.
 */
export function fsyncGeneration(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  fileSystem.fsyncDir(directory);
}

export const fsyncGenerationTask = defineTask('fsyncGeneration', fsyncGeneration);

export interface CleanStoreInput {
  readonly directory: string;
  readonly generation: number;
}

/**
 * Removes what a crash left: other generations, `staging`, a prepared CURRENT.
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
 * Makes a directory and its missing parents, whose names it fsyncs. On failure it removes what it made.
 *
 * @returns the directories that it made, outermost first
 */
export function mkdirs(fileSystem: FileSystem, directory: string): string[] {
  const parent = dirname(directory);
  try {
    fileSystem.mkdir(directory);
    return [directory];
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'EEXIST') return [];
    if (code !== 'ENOENT' || parent === directory) throw error;
  }
  const made = mkdirs(fileSystem, parent);
  try {
    // A store is only as durable as the names of its parents. Its own name is fsynced with its files.
    fileSystem.fsyncDir(dirname(parent));
    fileSystem.mkdir(directory);
    return [...made, directory];
  } catch (error) {
    for (const path of made.reverse()) removeIfEmpty(fileSystem, path);
    throw error;
  }
}

/** Removes a directory if it is empty. Does not fail. */
export function removeIfEmpty(fileSystem: FileSystem, directory: string): void {
  try {
    fileSystem.removeDirectory(directory);
  } catch {
    // Others have put files there, or removed it.
  }
}

/** Whether a path exists. Nothing exists below a file. */
export function isThere(fileSystem: FileSystem, path: string): boolean {
  try {
    fileSystem.status(path);
    return true;
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
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
