// Makes a store of a LevelDB database by links: what checkpoint and adopt share.
//
//   begin     copy the database into the store's staging folder, by links
//   (adopt)   check each table there
//   finish    give the copy a generation's name, write the store's own files

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { removeTree } from '../files/place-file.js';
import { readVersion } from '../leveldb/manifest.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { ownFolderOf, refuseInside } from '../store-folder/refuse-inside.js';
import {
  createStoreFiles,
  generationName,
  isThere,
  makeFolders,
  STAGING_FOLDER,
  storePointerPaths,
} from '../store-folder/store-files.js';
import { defineTask } from '../threads/task.js';
import {
  type CopiedGeneration,
  type CopyGenerationInput,
  copyGeneration,
} from './copy-generation.js';

export interface MakeStoreInput extends Omit<CopyGenerationInput, 'targetFolder'> {
  /** The store to make; an empty folder may be there. */
  readonly storeFolder: string;
  readonly writtenBy: string;
  /** Folders of the source's store that it may be made in all the same. */
  readonly mayLieIn?: readonly string[];
}

/** A store of which the files are there, but not yet its CURRENT. */
export interface BegunStore {
  readonly copied: CopiedGeneration;
  /** What is to be removed if it is not finished. */
  readonly made: readonly MadeName[];
  /** Where its tables lie for now. */
  readonly tableFolder: string;
  readonly tables: readonly TableEntry[];
}

/** A name that a call has made: a folder, or all that is under a name. */
export interface MadeName {
  readonly kind: 'folder' | 'tree';
  readonly path: string;
}

const FIRST_GENERATION = 1;

/**
 * Makes the store. A failure leaves nothing of what was made. What somebody else puts into the folder meanwhile
 * stays: only names that this call made are removed, and the folder itself only if it made that and it is empty.
 *
 * @throws EngineError SSTITCH_TARGET_EXISTS, and what copying throws
 */
export function makeStoreFrom(
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

/** Copies the database; a failure leaves nothing in the store's folder. */
export function beginStore(
  fileSystem: FileSystem,
  input: MakeStoreInput,
  checkCancelled: () => void,
): BegunStore {
  const { storeFolder: folder } = input;
  if (isThere(fileSystem, folder) && fileSystem.readFolder(folder).length > 0) {
    throw new EngineError('SSTITCH_TARGET_EXISTS', 'the target folder is not empty', {
      path: folder,
    });
  }
  refuseInside(fileSystem, folder, ownFolderOf(input.sourceFolder), input.mayLieIn);
  const made: MadeName[] = [];
  try {
    if (makeFolders(fileSystem, folder)) made.push({ kind: 'folder', path: folder });
    // Under its own name only once it is whole: an open takes up a first generation that it finds
    // without a CURRENT, and half a copy can be a database that holds half the entries.
    const tableFolder = stagedFolder(folder);
    const copied = copyToNew(fileSystem, { ...input, targetFolder: tableFolder }, checkCancelled);
    made.push({ kind: 'tree', path: tableFolder });
    const tables = readVersion(fileSystem, tableFolder).levels.flat();
    return { copied, made, tableFolder, tables };
  } catch (error) {
    abandonStore(fileSystem, { made });
    throw error;
  }
}

export const beginStoreTask = defineTask('beginStore', beginStore);

/** Two that make a store in one folder: the one whose folder is there first goes on. */
function copyToNew(
  fileSystem: FileSystem,
  input: CopyGenerationInput,
  checkCancelled: () => void,
): CopiedGeneration {
  const { targetFolder } = input;
  try {
    return copyGeneration(fileSystem, input, checkCancelled);
  } catch (error) {
    const { path, code } = error as { readonly path?: unknown; readonly code?: unknown };
    if (code === 'EEXIST' && path === targetFolder) throw takenError(targetFolder, error);
    throw error;
  }
}

/** Gives the copy its name and makes the store's own files; a failure takes them away again. */
export function finishStore(
  fileSystem: FileSystem,
  { storeFolder: folder, writtenBy }: Pick<MakeStoreInput, 'storeFolder' | 'writtenBy'>,
): void {
  const generation = `${folder}/${generationName(FIRST_GENERATION)}`;
  claimName(fileSystem, stagedFolder(folder), generation);
  try {
    createStoreFiles(fileSystem, { folder, generation: FIRST_GENERATION, writtenBy });
  } catch (error) {
    const paths = [generation, ...storePointerPaths(folder)];
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
  return new EngineError('SSTITCH_TARGET_EXISTS', 'another store is being made in the folder', {
    path,
    cause,
  });
}

/** Removes what was made, the last first. What cannot be removed stays: the caller reports why the making failed. */
export function abandonStore(
  fileSystem: FileSystem,
  { made }: { readonly made: readonly MadeName[] },
): void {
  for (const { kind, path } of [...made].reverse()) {
    try {
      // A folder goes only while it is empty: somebody may have put something into it.
      if (kind === 'folder') fileSystem.removeFolder(path);
      else removeTree(fileSystem, path);
    } catch {
      // The next one may go.
    }
  }
}

export const abandonStoreTask = defineTask('abandonStore', abandonStore);

function stagedFolder(storeFolder: string): string {
  return `${storeFolder}/${STAGING_FOLDER}`;
}
