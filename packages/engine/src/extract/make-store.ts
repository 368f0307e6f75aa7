// Makes a store of a LevelDB database by links: what checkpoint and adopt share.
import type { FileSystem } from '@sstitch/sst';
import { removeTree } from '../commit/place-file.js';
import { EngineError } from '../errors.js';
import {
  createStoreFiles,
  generationName,
  isThere,
  makeFolders,
  STAGING_FOLDER,
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

/** Makes the store; a failure leaves nothing in its folder. */
export function makeStoreFrom(
  fileSystem: FileSystem,
  input: MakeStoreInput,
  checkCancelled: () => void,
): CopiedGeneration {
  const { storeFolder: folder } = input;
  const existed = isThere(fileSystem, folder);
  if (existed && fileSystem.readFolder(folder).length > 0) {
    throw new EngineError('SSTITCH_TARGET_EXISTS', 'the target folder is not empty', {
      path: folder,
    });
  }
  refuseInside(fileSystem, folder, ownFolderOf(input.sourceFolder), input.mayLieIn);
  makeFolders(fileSystem, folder);
  try {
    // Under its own name only once it is whole: an open takes up a first generation that it finds
    // without a CURRENT, and half a copy can be a database that holds half the entries.
    const targetFolder = `${folder}/${STAGING_FOLDER}`;
    const copied = copyGeneration(fileSystem, { ...input, targetFolder }, checkCancelled);
    fileSystem.rename(targetFolder, `${folder}/${generationName(FIRST_GENERATION)}`);
    createStoreFiles(fileSystem, {
      folder,
      generation: FIRST_GENERATION,
      writtenBy: input.writtenBy,
    });
    return copied;
  } catch (error) {
    removeTree(fileSystem, folder);
    if (existed) makeFolders(fileSystem, folder);
    throw error;
  }
}
