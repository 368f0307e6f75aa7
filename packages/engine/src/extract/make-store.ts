// Makes a store of a LevelDB database by links: what checkpoint and adopt share.
//
//   begin     copy the database into the store's staging folder, by links
//   (adopt)   check each table there
//   finish    give the copy a generation's name, write the store's own files
import type { FileSystem } from '@sstitch/sst';
import { removeTree } from '../commit/place-file.js';
import { EngineError } from '../errors.js';
import { readVersion } from '../leveldb/manifest.js';
import type { TableEntry } from '../leveldb/version-edit.js';
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

export interface MakeStoreInput extends Omit<CopyGenerationInput, 'targetFolder'> {
  /** The store to make; an empty folder may be there. */
  readonly storeFolder: string;
  readonly writtenBy: string;
}

/** A store of which the files are there, but not yet its CURRENT. */
export interface BegunStore {
  readonly copied: CopiedGeneration;
  /** Whether its folder was there before. */
  readonly existed: boolean;
  /** Where its tables lie for now. */
  readonly tableFolder: string;
  readonly tables: readonly TableEntry[];
}

const FIRST_GENERATION = 1;

/** Makes the store; a failure leaves nothing in its folder. */
export function makeStoreFrom(
  fileSystem: FileSystem,
  input: MakeStoreInput,
  checkCancelled: () => void,
): CopiedGeneration {
  const { copied, existed } = beginStore(fileSystem, input, checkCancelled);
  try {
    finishStore(fileSystem, input);
    return copied;
  } catch (error) {
    abandonStore(fileSystem, { storeFolder: input.storeFolder, existed });
    throw error;
  }
}

/** Copies the database; a failure leaves nothing in the store's folder. */
export function beginStore(
  fileSystem: FileSystem,
  input: MakeStoreInput,
  checkCancelled: () => void,
): BegunStore {
  const { storeFolder: folder } = input;
  const existed = isThere(fileSystem, folder);
  if (existed && fileSystem.readFolder(folder).length > 0) {
    throw new EngineError('SSTITCH_TARGET_EXISTS', 'the target folder is not empty', {
      path: folder,
    });
  }
  makeFolders(fileSystem, folder);
  try {
    // Under its own name only once it is whole: an open takes up a first generation that it finds
    // without a CURRENT, and half a copy can be a database that holds half the entries.
    const tableFolder = stagedFolder(folder);
    const copied = copyGeneration(
      fileSystem,
      { ...input, targetFolder: tableFolder },
      checkCancelled,
    );
    const tables = readVersion(fileSystem, tableFolder).levels.flat();
    return { copied, existed, tableFolder, tables };
  } catch (error) {
    abandonStore(fileSystem, { storeFolder: folder, existed });
    throw error;
  }
}

export function finishStore(
  fileSystem: FileSystem,
  { storeFolder: folder, writtenBy }: Pick<MakeStoreInput, 'storeFolder' | 'writtenBy'>,
): void {
  fileSystem.rename(stagedFolder(folder), `${folder}/${generationName(FIRST_GENERATION)}`);
  createStoreFiles(fileSystem, { folder, generation: FIRST_GENERATION, writtenBy });
}

/** Removes what was begun. */
export function abandonStore(
  fileSystem: FileSystem,
  { storeFolder, existed }: Pick<MakeStoreInput, 'storeFolder'> & Pick<BegunStore, 'existed'>,
): void {
  removeTree(fileSystem, storeFolder);
  if (existed) makeFolders(fileSystem, storeFolder);
}

function stagedFolder(storeFolder: string): string {
  return `${storeFolder}/${STAGING_FOLDER}`;
}
