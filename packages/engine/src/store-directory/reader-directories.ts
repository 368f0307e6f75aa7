// The directories of read-only stores' private copies: store/readers/<process id>-<n>. The process that reads a copy
// makes and removes it. The store's owner and a process that makes another copy remove those of processes that have ended.
//
// If the store is not writable, because it is on read-only media or belongs to another user, the copy is in the
// temporary directory as sstitch-reader-<process id>-<n>, readable by its user only. A process that makes a copy there
// removes the copies of processes that have ended.

import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { removeTree } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { refuseInside } from './refuse-inside.js';
import { mkdir, READERS_DIRECTORY } from './store-files.js';

const READER_NAME = /^(\d{1,10})-\d{1,10}$/;
const TEMPORARY_READER_NAME = /^sstitch-reader-(\d{1,10})-\w{1,10}$/;
/** The error codes for a directory that is not writable. */
const NO_WRITE_CODES = new Set(['EROFS', 'EACCES', 'EPERM']);

/** Returns the name of a copy's directory. */
export function readerDirectoryName(processId: number, count: number): string {
  return `${processId}-${count}`;
}

export interface ReaderPlaceInput {
  readonly storeDirectory: string;
  /** The option `copyDirectory`. @defaultValue `readers` in the store */
  readonly copyDirectory: string | undefined;
  readonly temporaryDirectory: string;
  /** What `readerDirectoryName` returned. */
  readonly name: string;
}

/** Where to make a copy. */
export interface ReaderPlace {
  /** The directory to make. */
  readonly directory: string;
  /** The directory to remove once the copy is no longer read: `directory` or one around it. */
  readonly toRemove: string;
}

/**
 * Finds a writable place for a private copy.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID if `copyDirectory` lies among the store's own files
 */
function findReaderPlace(
  fileSystem: FileSystem,
  { storeDirectory, copyDirectory, temporaryDirectory, name }: ReaderPlaceInput,
): ReaderPlace {
  if (copyDirectory !== undefined) {
    refuseInside(fileSystem, copyDirectory, storeDirectory, [READERS_DIRECTORY]);
    mkdir(fileSystem, { directory: copyDirectory });
    const directory = `${copyDirectory}/${name}`;
    return { directory, toRemove: directory };
  }
  const readers = `${storeDirectory}/${READERS_DIRECTORY}`;
  const inStore = `${readers}/${name}`;
  try {
    mkdir(fileSystem, { directory: readers });
    removeStaleReaders(fileSystem, { directory: storeDirectory });
    // Made at once, as `readers` may exist without being writable.
    fileSystem.mkdir(inStore);
    return { directory: `${inStore}/copy`, toRemove: inStore };
  } catch (error) {
    if (!NO_WRITE_CODES.has(errorCodeOf(error) ?? '')) throw error;
  }
  removeStaleCopies(fileSystem, temporaryDirectory);
  const elsewhere = `${temporaryDirectory}/sstitch-reader-${name}`;
  fileSystem.mkdir(elsewhere);
  try {
    // This comes before the directory has contents, as other users may not be allowed to read the store.
    fileSystem.chmod(elsewhere, 0o700);
  } catch (error) {
    fileSystem.removeDirectory(elsewhere);
    throw error;
  }
  return { directory: `${elsewhere}/copy`, toRemove: elsewhere };
}

export const findReaderPlaceTask = defineTask('findReaderPlace', findReaderPlace);

function removeStaleCopies(fileSystem: FileSystem, temporaryDirectory: string): void {
  for (const name of fileSystem.readdir(temporaryDirectory)) {
    const processId = TEMPORARY_READER_NAME.exec(name)?.[1];
    if (processId === undefined || isRunning(Number(processId))) continue;
    removeIfAllowed(fileSystem, `${temporaryDirectory}/${name}`);
  }
}

function removeIfAllowed(fileSystem: FileSystem, directory: string): void {
  try {
    removeTree(fileSystem, directory);
  } catch {
    // It belongs to another user, or another process removes it.
  }
}

/** Removes the copies in a store whose process is not running, if this user may. Does not fail. */
export function removeStaleReaders(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  const readers = `${directory}/${READERS_DIRECTORY}`;
  let names: string[] = [];
  try {
    names = fileSystem.readdir(readers);
  } catch {
    // No reader has made a copy, or only another user may list the copies.
  }
  for (const name of names) {
    const processId = READER_NAME.exec(name)?.[1];
    if (processId === undefined || isRunning(Number(processId))) continue;
    removeIfAllowed(fileSystem, `${readers}/${name}`);
  }
}

export const removeStaleReadersTask = defineTask('removeStaleReaders', removeStaleReaders);

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM means that it runs as another user.
    return errorCodeOf(error) !== 'ESRCH';
  }
}
