// The private copies of read-only opens: store/readers/<process id>-<n>, each made and removed by the
// process that reads it. The store's owner removes those of processes that are gone.
//
// Where nothing can be made in the store, which may lie on read-only media or belong to another user, a copy
// lies in the temporary folder, as sstitch-reader-<process id>-<n>, for its user's eyes alone; whoever makes
// one there removes those of processes that are gone.

import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { removeTree } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { refuseInside } from './refuse-inside.js';
import { makeFolder, READERS_FOLDER } from './store-files.js';

const READER_NAME = /^(\d{1,10})-\d{1,10}$/;
const TEMPORARY_READER_NAME = /^sstitch-reader-(\d{1,10})-\w{1,10}$/;
/** What a system answers where a folder may not be written to. */
const NO_WRITE_CODES = new Set(['EROFS', 'EACCES', 'EPERM']);

export function readerFolderName(processId: number, count: number): string {
  return `${processId}-${count}`;
}

export interface ReaderPlaceInput {
  readonly storeFolder: string;
  /** Where the caller wants copies. @defaultValue `readers` in the store */
  readonly copyFolder: string | undefined;
  readonly temporaryFolder: string;
  /** What `readerFolderName` gave. */
  readonly name: string;
}

/** Where a copy goes. */
export interface ReaderPlace {
  /** Not made yet. */
  readonly folder: string;
  /** What to remove when nobody reads the copy any more. */
  readonly toRemove: string;
}

/**
 * Finds a place for a private copy that can be written to.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID for a `copyFolder` among the store's own files
 */
export function findReaderPlace(
  fileSystem: FileSystem,
  { storeFolder, copyFolder, temporaryFolder, name }: ReaderPlaceInput,
): ReaderPlace {
  if (copyFolder !== undefined) {
    refuseInside(fileSystem, copyFolder, storeFolder, [READERS_FOLDER]);
    makeFolder(fileSystem, { folder: copyFolder });
    const folder = `${copyFolder}/${name}`;
    return { folder, toRemove: folder };
  }
  const readers = `${storeFolder}/${READERS_FOLDER}`;
  const inStore = `${readers}/${name}`;
  try {
    makeFolder(fileSystem, { folder: readers });
    // The folder `readers` may be there, and refuse what is made in it.
    fileSystem.makeFolder(inStore);
    return { folder: `${inStore}/copy`, toRemove: inStore };
  } catch (error) {
    if (!NO_WRITE_CODES.has(errorCodeOf(error) ?? '')) throw error;
  }
  removeStaleCopies(fileSystem, temporaryFolder);
  const elsewhere = `${temporaryFolder}/sstitch-reader-${name}`;
  fileSystem.makeFolder(elsewhere);
  try {
    // Before anything is in it: the store's own folder may be closed to other users.
    fileSystem.setMode(elsewhere, 0o700);
  } catch (error) {
    fileSystem.removeFolder(elsewhere);
    throw error;
  }
  return { folder: `${elsewhere}/copy`, toRemove: elsewhere };
}

export const findReaderPlaceTask = defineTask('findReaderPlace', findReaderPlace);

function removeStaleCopies(fileSystem: FileSystem, temporaryFolder: string): void {
  for (const name of fileSystem.readFolder(temporaryFolder)) {
    const processId = TEMPORARY_READER_NAME.exec(name)?.[1];
    if (processId === undefined || isRunning(Number(processId))) continue;
    try {
      removeTree(fileSystem, `${temporaryFolder}/${name}`);
    } catch {
      // Another user's.
    }
  }
}

/** Names of copies whose process is not running on this machine. */
export function listStaleReaders(
  fileSystem: FileSystem,
  { folder }: { readonly folder: string },
): string[] {
  let names: string[];
  try {
    names = fileSystem.readFolder(`${folder}/${READERS_FOLDER}`);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return names.filter((name) => {
    const processId = READER_NAME.exec(name)?.[1];
    return processId !== undefined && !isRunning(Number(processId));
  });
}

export const listStaleReadersTask = defineTask('listStaleReaders', listStaleReaders);

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return errorCodeOf(error) !== 'ESRCH';
  }
}
