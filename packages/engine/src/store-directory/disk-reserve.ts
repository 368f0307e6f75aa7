// The disk reserve: a file that keeps room for one commit on a full disk. Even a commit that only removes entries, and
// so frees room, needs some for a directory, a MANIFEST, an index of each table that it shares, and the files that
// LevelDB writes on open. commit/with-reserve.ts removes the reserve for such a commit and makes it again afterwards;
// open-store-directory.ts does so for an open, which writes a MANIFEST and a table of what the logs hold.

import { randomFillSync } from 'node:crypto';
import type { FileHandle, FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { unlinkIfThere } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { RESERVE_FILE } from './store-files.js';

export interface KeepReserveInput {
  /** The store's directory. */
  readonly directory: string;
  /** 0 for no reserve. */
  readonly sizeBytes: number;
}

/** Makes the reserve if it does not exist. Does not fail: a store without a reserve works. */
function keepReserve(fileSystem: FileSystem, { directory, sizeBytes }: KeepReserveInput): void {
  const path = `${directory}/${RESERVE_FILE}`;
  try {
    if (sizeOf(fileSystem, path) === sizeBytes) return;
    unlinkIfThere(fileSystem, path);
    if (sizeBytes > 0) writeReserve(fileSystem, path, sizeBytes);
  } catch {
    // The disk is nearly full: leave the room to data.
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
    // Random bytes: some file systems store zeros in no room, and compressible data in little.
    file.write(randomFillSync(new Uint8Array(sizeBytes)));
  } finally {
    file.close();
  }
}

/** Removes the reserve, which frees its room. Returns its size, or 0 if there was none. */
function releaseReserve(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): number {
  const path = `${directory}/${RESERVE_FILE}`;
  try {
    const sizeBytes = sizeOf(fileSystem, path);
    fileSystem.unlink(path);
    return sizeBytes;
  } catch {
    return 0;
  }
}

export const releaseReserveTask = defineTask('releaseReserve', releaseReserve);
