// Makes a store from a LevelDB database by links, for checkpoint and adopt.
//
//   begin     make the store's staging directory, and copy the database into it, by links
//   (adopt)   check each table there
//   finish    rename the copy to a generation's name, write the store's own files, and remove the staging directory
//
// Invariant: until the store has its CURRENT, its staging directory belongs to the call that made it, and no other call
// or open makes a store in the directory (prepare-open.ts).

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { removeTree } from '../files/place-file.js';
import { readVersion } from '../leveldb/manifest.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { createStoreFiles, storePointerPaths } from '../store-directory/create-store-files.js';
import { ownDirectoryOf, refuseInside } from '../store-directory/refuse-inside.js';
import {
  BUILD_DIRECTORY,
  CURRENT_FILE,
  generationName,
  isThere,
  mkdirs,
  parseGenerationName,
  removeIfEmpty,
  STAGING_DIRECTORY,
} from '../store-directory/store-files.js';
import { defineTask } from '../threads/task.js';
import {
  type CopiedGeneration,
  type CopyGenerationInput,
  copyGeneration,
} from './copy-generation.js';

export interface MakeStoreInput extends Omit<CopyGenerationInput, 'targetDirectory'> {
  /** The store to make. It must not exist or must be empty. */
  readonly storeDirectory: string;
  readonly writtenBy: string;
  /** The names of directories in the source's store that the new store may lie in. */
  readonly mayLieIn?: readonly string[];
}

/** A store whose files exist, except for its CURRENT. */
export interface BegunStore {
  readonly copied: CopiedGeneration;
  /** What to remove if the store is not finished. */
  readonly made: readonly MadeName[];
  /** The directory that holds its tables until then. */
  readonly tableDirectory: string;
  readonly tables: readonly TableEntry[];
}

/** A name that this call made: a directory, which is removed only if empty, or a tree. */
export interface MadeName {
  readonly kind: 'directory' | 'tree';
  readonly path: string;
}

const FIRST_GENERATION = 1;

/**
 * Makes the store. On failure it removes the names that it made, and directories only if they are empty, so that files
 * that others put there survive.
 *
 * @throws EngineError SSTITCH_TARGET_EXISTS, and what `copyGeneration` throws
 */
function makeStoreFrom(
  fileSystem: FileSystem,
  input: MakeStoreInput,
  checkCancelled: () => void,
): CopiedGeneration {
  const { copied, made } = beginStore(fileSystem, input, checkCancelled);
  try {
    finishStore(fileSystem, input);
    return copied;
  } catch (error) {
    abandonStore(fileSystem, { made });
    throw error;
  }
}

export const makeStoreFromTask = defineTask('makeStoreFrom', makeStoreFrom);

/** Copies the database into the staging directory. On failure it removes what it made. */
function beginStore(
  fileSystem: FileSystem,
  input: MakeStoreInput,
  checkCancelled: () => void,
): BegunStore {
  const { storeDirectory: directory } = input;
  checkEmpty(fileSystem, directory);
  refuseInside(fileSystem, directory, ownDirectoryOf(input.sourceDirectory), input.mayLieIn);
  const made: MadeName[] = [];
  try {
    made.push(...madeDirectories(mkdirs(fileSystem, directory)));
    made.push(...madeDirectories([claimEmpty(fileSystem, directory, STAGING_DIRECTORY)]));
    // The copy gets a generation's name only when it is complete: an open uses a first generation that it finds without
    // a CURRENT, and an incomplete copy can be a valid database with some of the entries.
    const tableDirectory = stagedDirectory(directory);
    const copied = copyGeneration(
      fileSystem,
      { ...input, targetDirectory: tableDirectory },
      checkCancelled,
    );
    made.push({ kind: 'tree', path: tableDirectory });
    const tables = readVersion(fileSystem, tableDirectory).levels.flat();
    return { copied, made, tableDirectory, tables };
  } catch (error) {
    abandonStore(fileSystem, { made });
    throw error;
  }
}

/** Converts the directories that `mkdirs` made to the names that `abandonStore` removes. */
export function madeDirectories(paths: readonly string[]): MadeName[] {
  return paths.map((path) => ({ kind: 'directory', path }));
}

/** Checks that a directory does not exist or is empty. @throws EngineError SSTITCH_TARGET_EXISTS */
export function checkEmpty(fileSystem: FileSystem, directory: string): void {
  const names = isThere(fileSystem, directory) ? fileSystem.readdir(directory) : [];
  if (names.length === 0) return;
  const unfinished = unfinishedName(names);
  const reason =
    unfinished === undefined
      ? ': name a new one'
      : `: ${unfinished} is of a copy that is being made or was never finished; if no process makes it, remove the directory`;
  throw new EngineError('SSTITCH_TARGET_EXISTS', `the target directory is not empty${reason}`, {
    path: directory,
  });
}

/** The name that shows that a store or a Pebble directory is not finished: only the latter has its CURRENT before that. */
function unfinishedName(names: readonly string[]): string | undefined {
  return names.find(
    (name) =>
      name === BUILD_DIRECTORY ||
      (!names.includes(CURRENT_FILE) &&
        (name === STAGING_DIRECTORY || parseGenerationName(name) !== undefined)),
  );
}

export const beginStoreTask = defineTask('beginStore', beginStore);

/**
 * Makes a directory in a directory that was empty, in order to make a store or a database there. If two calls do so, the
 * first one wins. An open makes no store in a directory that holds the new one (prepare-open.ts).
 *
 * @returns the path of the new directory, `staging` or `building`
 * @throws EngineError SSTITCH_TARGET_EXISTS if something was made in the directory since it was found empty
 */
export function claimEmpty(fileSystem: FileSystem, directory: string, name: string): string {
  const path = `${directory}/${name}`;
  try {
    fileSystem.mkdir(path);
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST') throw takenError(path, error);
    throw error;
  }
  try {
    const other = fileSystem.readdir(directory).find((each) => each !== name);
    if (other !== undefined) throw takenError(`${directory}/${other}`, undefined);
    return path;
  } catch (error) {
    removeIfEmpty(fileSystem, path);
    throw error;
  }
}

/**
 * Renames the copy to a generation's name, writes the store's own files and removes the staging directory. On failure it
 * removes the files.
 */
function finishStore(
  fileSystem: FileSystem,
  { storeDirectory: directory, writtenBy }: Pick<MakeStoreInput, 'storeDirectory' | 'writtenBy'>,
): void {
  const generation = `${directory}/${generationName(FIRST_GENERATION)}`;
  claimName(fileSystem, stagedDirectory(directory), generation);
  try {
    createStoreFiles(fileSystem, { directory, generation: FIRST_GENERATION, writtenBy });
  } catch (error) {
    const paths = [generation, ...storePointerPaths(directory)];
    abandonStore(fileSystem, { made: paths.map((path) => ({ kind: 'tree', path })) });
    throw error;
  }
  removeIfEmpty(fileSystem, `${directory}/${STAGING_DIRECTORY}`);
}

export const finishStoreTask = defineTask('finishStore', finishStore);

/** Renames the copy. The rename fails if the generation exists, so only one call makes the store. */
function claimName(fileSystem: FileSystem, staging: string, generation: string): void {
  try {
    fileSystem.rename(staging, generation);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') throw takenError(generation, error);
    throw error;
  }
}

function takenError(path: string, cause: unknown): EngineError {
  return new EngineError('SSTITCH_TARGET_EXISTS', 'another store is being made in the directory', {
    path,
    cause,
  });
}

/** Removes what was made, in reverse order, and ignores errors: the caller reports the one that came first. */
function abandonStore(
  fileSystem: FileSystem,
  { made }: { readonly made: readonly MadeName[] },
): void {
  for (const { kind, path } of [...made].reverse()) {
    try {
      if (kind === 'directory') removeIfEmpty(fileSystem, path);
      else removeTree(fileSystem, path);
    } catch {
      // Go on with the next name.
    }
  }
}

export const abandonStoreTask = defineTask('abandonStore', abandonStore);

function stagedDirectory(storeDirectory: string): string {
  return `${storeDirectory}/${STAGING_DIRECTORY}/copy`;
}
