// Makes a store of a LevelDB database by links: what checkpoint and adopt share.
//
//   begin     copy the database into the store's staging directory, by links
//   (adopt)   check each table there
//   finish    give the copy a generation's name, write the store's own files

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { removeTree } from '../files/place-file.js';
import { readVersion } from '../leveldb/manifest.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { ownDirectoryOf, refuseInside } from '../store-directory/refuse-inside.js';
import {
  createStoreFiles,
  generationName,
  isThere,
  mkdirs,
  STAGING_DIRECTORY,
  storePointerPaths,
} from '../store-directory/store-files.js';
import { defineTask } from '../threads/task.js';
import {
  type CopiedGeneration,
  type CopyGenerationInput,
  copyGeneration,
} from './copy-generation.js';

export interface MakeStoreInput extends Omit<CopyGenerationInput, 'targetDirectory'> {
  /** The store to make; an empty directory may be there. */
  readonly storeDirectory: string;
  readonly writtenBy: string;
  /** Directories of the source's store that it may be made in all the same. */
  readonly mayLieIn?: readonly string[];
}

/** A store of which the files are there, but not yet its CURRENT. */
export interface BegunStore {
  readonly copied: CopiedGeneration;
  /** What is to be removed if it is not finished. */
  readonly made: readonly MadeName[];
  /** Where its tables lie for now. */
  readonly tableDirectory: string;
  readonly tables: readonly TableEntry[];
}

/** A name that a call has made: a directory, or all that is under a name. */
export interface MadeName {
  readonly kind: 'directory' | 'tree';
  readonly path: string;
}

const FIRST_GENERATION = 1;

/**
 * Makes the store. A failure leaves nothing of what was made. What somebody else puts into the directory meanwhile
 * stays: only names that this call made are removed, and the directory itself only if it made that and it is empty.
 *
 * @throws EngineError SSTITCH_TARGET_EXISTS, and what copying throws
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

/** Copies the database; a failure leaves nothing in the store's directory. */
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
    if (mkdirs(fileSystem, directory)) made.push({ kind: 'directory', path: directory });
    // Under its own name only once it is whole: an open takes up a first generation that it finds
    // without a CURRENT, and half a copy can be a database that holds half the entries.
    const tableDirectory = stagedDirectory(directory);
    const copied = copyToNew(
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

/** @throws EngineError SSTITCH_TARGET_EXISTS */
export function checkEmpty(fileSystem: FileSystem, directory: string): void {
  if (!isThere(fileSystem, directory) || fileSystem.readdir(directory).length === 0) return;
  throw new EngineError('SSTITCH_TARGET_EXISTS', 'the target directory is not empty', {
    path: directory,
  });
}

export const beginStoreTask = defineTask('beginStore', beginStore);

/** Two that make a store in one directory: the one whose directory is there first goes on. */
function copyToNew(
  fileSystem: FileSystem,
  input: CopyGenerationInput,
  checkCancelled: () => void,
): CopiedGeneration {
  const { targetDirectory } = input;
  try {
    return copyGeneration(fileSystem, input, checkCancelled);
  } catch (error) {
    const { path, code } = error as { readonly path?: unknown; readonly code?: unknown };
    if (code === 'EEXIST' && path === targetDirectory) throw takenError(targetDirectory, error);
    throw error;
  }
}

/** Gives the copy its name and makes the store's own files; a failure takes them away again. */
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
}

export const finishStoreTask = defineTask('finishStore', finishStore);

/** The rename fails where there is a generation already: whose name it is, is the store's maker. */
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

/** Removes what was made, the last first. What cannot be removed stays: the caller reports why the making failed. */
function abandonStore(
  fileSystem: FileSystem,
  { made }: { readonly made: readonly MadeName[] },
): void {
  for (const { kind, path } of [...made].reverse()) {
    try {
      // A directory goes only while it is empty: somebody may have put something into it.
      if (kind === 'directory') fileSystem.removeDirectory(path);
      else removeTree(fileSystem, path);
    } catch {
      // The next one may go.
    }
  }
}

export const abandonStoreTask = defineTask('abandonStore', abandonStore);

function stagedDirectory(storeDirectory: string): string {
  return `${storeDirectory}/${STAGING_DIRECTORY}`;
}
