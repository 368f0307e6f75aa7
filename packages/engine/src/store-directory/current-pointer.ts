// CURRENT, the file that names the current generation. Its replacement by rename is the commit point.
//
//   prepare   write and fsync the next CURRENT as CURRENT.tmp
//   swap      rename it to CURRENT, and fsync the directory
//
// Invariant: at the swap, CURRENT.tmp is durable, and the generation that it names is complete and durable.
// prepare-open.ts reads CURRENT.

import type { FileSystem } from '@sstitch/sst';
import { unlinkIfThere } from '../files/place-file.js';
import { writeNewFile } from '../leveldb/manifest.js';
import { defineTask } from '../threads/task.js';
import { CURRENT_FILE, CURRENT_TEMPORARY_FILE, generationName } from './store-files.js';

export interface PointerInput {
  readonly directory: string;
  readonly generation: number;
}

/** Writes and fsyncs the next CURRENT under its temporary name. This is the slow half of the swap. */
export function preparePointer(
  fileSystem: FileSystem,
  { directory, generation }: PointerInput,
): void {
  const path = `${directory}/${CURRENT_TEMPORARY_FILE}`;
  unlinkIfThere(fileSystem, path);
  writeNewFile(fileSystem, path, Buffer.from(`${generationName(generation)}\n`, 'latin1'));
  // This also makes the generation's name durable before CURRENT can name it.
  fileSystem.fsyncDir(directory);
}

export const preparePointerTask = defineTask('preparePointer', preparePointer);

/** Removes a prepared CURRENT that will not be swapped in. */
function discardPointer(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  unlinkIfThere(fileSystem, `${directory}/${CURRENT_TEMPORARY_FILE}`);
}

export const discardPointerTask = defineTask('discardPointer', discardPointer);

/**
 * Replaces CURRENT: the commit point. A crash between the rename and the fsync leaves the old or the new name; a crash
 * after the fsync leaves the new one.
 */
export function swapPointer(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): void {
  fileSystem.rename(`${directory}/${CURRENT_TEMPORARY_FILE}`, `${directory}/${CURRENT_FILE}`);
  fileSystem.fsyncDir(directory);
}

export const swapPointerTask = defineTask('swapPointer', swapPointer);
