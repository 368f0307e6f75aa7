// A little room that is kept for the day the disk is full: a commit that only removes, and so frees room, takes a
// directory, a MANIFEST, an index for each table that it shares and what LevelDB's open writes. Where there is
// no room for that the reserve is given up, the commit tried once more, and the reserve made again.

import { randomFillSync } from 'node:crypto';
import type { FileHandle, FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { unlinkIfThere } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { RESERVE_FILE } from './store-files.js';

export interface KeepReserveInput {
  /** The store's. */
  readonly directory: string;
  /** 0 to have none. */
  readonly sizeBytes: number;
}

/** Makes the reserve, if it is not there; does without where it cannot be made. */
function keepReserve(fileSystem: FileSystem, { directory, sizeBytes }: KeepReserveInput): void {
  const path = `${directory}/${RESERVE_FILE}`;
  try {
    if (sizeOf(fileSystem, path) === sizeBytes) return;
    unlinkIfThere(fileSystem, path);
    if (sizeBytes > 0) writeReserve(fileSystem, path, sizeBytes);
  } catch {
    // A disk that is nearly full has no room for it: what is left is for data.
    releaseReserve(fileSystem, { directory });
  }
}

export const keepReserveTask = defineTask('keepReserve', keepReserve);

function sizeOf(fileSystem: FileSystem, path: string): number {
  try {
    return fileSystem.status(path).sizeBytes;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

function writeReserve(fileSystem: FileSystem, path: string, sizeBytes: number): void {
  const file: FileHandle = fileSystem.open(path, 'create');
  try {
    // Some file systems keep no room for zeros, and little for what compresses.
    file.write(randomFillSync(new Uint8Array(sizeBytes)));
  } finally {
    file.close();
  }
}

/** Gives the reserve's room back. */
function releaseReserve(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  try {
    fileSystem.unlink(`${directory}/${RESERVE_FILE}`);
  } catch {
    // There was none.
  }
}

export const releaseReserveTask = defineTask('releaseReserve', releaseReserve);
