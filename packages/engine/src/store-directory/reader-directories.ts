// The private copies of read-only opens: store/readers/<process id>-<n>, each made and removed by the
// process that reads it. The store's owner removes those of processes that are gone.
//
// Where nothing can be made in the store, which may lie on read-only media or belong to another user, a copy
// lies in the temporary directory, as sstitch-reader-<process id>-<n>, for its user's eyes alone; whoever makes
// one there removes those of processes that are gone.

import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { removeTree } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { refuseInside } from './refuse-inside.js';
import { mkdir, READERS_DIRECTORY } from './store-files.js';

const READER_NAME = /^(\d{1,10})-\d{1,10}$/;
const TEMPORARY_READER_NAME = /^sstitch-reader-(\d{1,10})-\w{1,10}$/;
/** What a system answers where a directory may not be written to. */
const NO_WRITE_CODES = new Set(['EROFS', 'EACCES', 'EPERM']);

export function readerDirectoryName(processId: number, count: number): string {
  return `${processId}-${count}`;
}

export interface ReaderPlaceInput {
  readonly storeDirectory: string;
  /** Where the caller wants copies. @defaultValue `readers` in the store */
  readonly copyDirectory: string | undefined;
  readonly temporaryDirectory: string;
  /** What `readerDirectoryName` gave. */
  readonly name: string;
}

/** Where a copy goes. */
export interface ReaderPlace {
  /** Not made yet. */
  readonly directory: string;
  /** What to remove when nobody reads the copy any more. */
  readonly toRemove: string;
}

/**
 * Finds a place for a private copy that can be written to.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID for a `copyDirectory` among the store's own files
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
    // The directory `readers` may be there, and refuse what is made in it.
    fileSystem.mkdir(inStore);
    return { directory: `${inStore}/copy`, toRemove: inStore };
  } catch (error) {
    if (!NO_WRITE_CODES.has(errorCodeOf(error) ?? '')) throw error;
  }
  removeStaleCopies(fileSystem, temporaryDirectory);
  const elsewhere = `${temporaryDirectory}/sstitch-reader-${name}`;
  fileSystem.mkdir(elsewhere);
  try {
    // Before anything is in it: the store's own directory may be closed to other users.
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
    try {
      removeTree(fileSystem, `${temporaryDirectory}/${name}`);
    } catch {
      // Another user's.
    }
  }
}

/** Names of copies whose process is not running on this machine. */
export function listStaleReaders(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): string[] {
  let names: string[];
  try {
    names = fileSystem.readdir(`${directory}/${READERS_DIRECTORY}`);
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
