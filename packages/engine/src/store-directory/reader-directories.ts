// The directories of read-only stores' private copies: store/readers/<namespace>-<process id>-<n>. The namespace is that
// of the process id. The process that reads a copy makes and removes it. The store's owner and a process that makes
// another copy remove those of processes that have ended (ended-readers.ts).
//
// If the store is not writable, because it is on read-only media or belongs to another user, the copy is in the
// temporary directory as sstitch-reader-<namespace>-<process id>-<n>, readable by its user only. A process that makes a
// copy there removes the copies of processes that have ended.

import { randomInt } from 'node:crypto';
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { defineTask } from '../threads/task.js';
import { processNamespace } from './process-namespace.js';
import { refuseInside } from './refuse-inside.js';
import { mkdir, READERS_DIRECTORY } from './store-files.js';

/** The name of the database in a reader's directory. */
export const COPY_DIRECTORY = 'copy';
/** Numbers are random: a killed process with the same id may have left copies. */
const MAX_NUMBER = 2 ** 31;
/** The error codes for a directory that is not writable. */
const NO_WRITE_CODES = new Set(['EROFS', 'EACCES', 'EPERM']);

/** Where readers' directories are. */
export type ReaderRoot = 'store' | 'temporary';

/** The names of readers' directories. One without a namespace is of this process's. */
const NAMES: Readonly<Record<ReaderRoot, RegExp>> = {
  store: /^(?:([0-9a-f]{8})-(\d{1,10})-\w{1,10}|(\d{1,10})-\d{1,10})$/,
  temporary: /^sstitch-reader-(?:([0-9a-f]{8})-)?(\d{1,10})-\w{1,10}$/,
};

/** The process that made a reader's directory. */
export interface ReaderProcess {
  readonly id: number;
  readonly namespace: string;
}

/** Returns a new name for a reader's directory in a store. */
export function newReaderName(): string {
  return `${processNamespace()}-${process.pid}-${randomInt(MAX_NUMBER)}`;
}

/** Parses the name of a reader's directory. Returns undefined for any other name. */
export function parseReaderName(name: string, root: ReaderRoot): ReaderProcess | undefined {
  const match = NAMES[root].exec(name);
  const id = match?.[2] ?? match?.[3];
  return id === undefined
    ? undefined
    : { id: Number(id), namespace: match?.[1] ?? processNamespace() };
}

export interface ReaderPlaceInput {
  readonly storeDirectory: string;
  /** The option `copyDirectory`. @defaultValue `readers` in the store */
  readonly copyDirectory: string | undefined;
  readonly temporaryDirectory: string;
  /** What `newReaderName` returned. */
  readonly name: string;
}

/** Where to make a copy. */
export interface ReaderPlace {
  /** The directory to make. */
  readonly directory: string;
  /** The directory to remove once the copy is no longer read: `directory` or one around it. */
  readonly toRemove: string;
  /** Whether it is in the temporary directory. */
  readonly isTemporary: boolean;
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
    return { directory, toRemove: directory, isTemporary: false };
  }
  const readers = `${storeDirectory}/${READERS_DIRECTORY}`;
  const inStore = `${readers}/${name}`;
  try {
    mkdir(fileSystem, { directory: readers });
    // Made at once, as `readers` may exist without being writable.
    fileSystem.mkdir(inStore);
    return { directory: `${inStore}/${COPY_DIRECTORY}`, toRemove: inStore, isTemporary: false };
  } catch (error) {
    if (!NO_WRITE_CODES.has(errorCodeOf(error) ?? '')) throw error;
  }
  const elsewhere = `${temporaryDirectory}/sstitch-reader-${name}`;
  fileSystem.mkdir(elsewhere);
  try {
    // This comes before the directory has contents, as other users may not be allowed to read the store.
    fileSystem.chmod(elsewhere, 0o700);
  } catch (error) {
    fileSystem.removeDirectory(elsewhere);
    throw error;
  }
  return { directory: `${elsewhere}/${COPY_DIRECTORY}`, toRemove: elsewhere, isTemporary: true };
}

export const findReaderPlaceTask = defineTask('findReaderPlace', findReaderPlace);
