// Makes a store of a LevelDB database by links: what checkpoint and adopt share.
import type { FileSystem } from '@sstitch/sst';
import { removeTree } from '../commit/place-file.js';
import { EngineError, errorCodeOf } from '../errors.js';
import {
  createStoreFiles,
  generationName,
  isThere,
  makeFolders,
  STAGING_FOLDER,
  storePointerPaths,
} from '../store-files.js';
import {
  type CopiedGeneration,
  type CopyGenerationInput,
  copyGeneration,
} from './copy-generation.js';
import { ownFolderOf, refuseInside } from './refuse-inside.js';

export interface MakeStoreInput extends Omit<CopyGenerationInput, 'targetFolder'> {
  /** The store to make; an empty folder may be there. */
  readonly storeFolder: string;
  readonly writtenBy: string;
  /** Folders of the source's store that it may be made in all the same. */
  readonly mayLieIn?: readonly string[];
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
  const { storeFolder: folder } = input;
  if (isThere(fileSystem, folder) && fileSystem.readFolder(folder).length > 0) {
    throw new EngineError('SSTITCH_TARGET_EXISTS', 'the target folder is not empty', {
      path: folder,
    });
  }
  refuseInside(fileSystem, folder, ownFolderOf(input.sourceFolder), input.mayLieIn);
  const made = new MadeNames(fileSystem);
  try {
    if (makeFolders(fileSystem, folder)) made.addFolder(folder);
    // Under its own name only once it is whole: an open takes up a first generation that it finds
    // without a CURRENT, and half a copy can be a database that holds half the entries.
    const staging = `${folder}/${STAGING_FOLDER}`;
    const generation = `${folder}/${generationName(FIRST_GENERATION)}`;
    const copied = copyToNew(fileSystem, { ...input, targetFolder: staging }, checkCancelled);
    made.addTrees(staging);
    claimName(fileSystem, staging, generation);
    made.addTrees(generation, ...storePointerPaths(folder));
    createStoreFiles(fileSystem, {
      folder,
      generation: FIRST_GENERATION,
      writtenBy: input.writtenBy,
    });
    return copied;
  } catch (error) {
    made.remove();
    throw error;
  }
}

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

/** What a call has made, to be removed if it fails. */
class MadeNames {
  readonly #fileSystem: FileSystem;
  readonly #removals: Array<() => void> = [];

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  addFolder(path: string): void {
    // Fails, as it is to, where somebody has put something into it.
    this.#removals.push(() => this.#fileSystem.removeFolder(path));
  }

  addTrees(...paths: readonly string[]): void {
    for (const path of paths) this.#removals.push(() => removeTree(this.#fileSystem, path));
  }

  /** The last first. What cannot be removed stays: the caller hears why the making failed. */
  remove(): void {
    for (const remove of this.#removals.reverse()) {
      try {
        remove();
      } catch {
        // The next one may go.
      }
    }
  }
}
