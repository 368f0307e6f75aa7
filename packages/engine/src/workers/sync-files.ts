// Syncs many files at once. A file system commits together what waits together, so that eight files that
// several threads sync take little longer than two; and a sync holds up whoever makes or links files in
// the same folder meanwhile, so that it pays to make all of them first.
//
// The hands share one counter: each takes the next file when it is done with one, without a message for it.
import type { FileSystem } from '@sstitch/sst';
import { syncFile } from '../commit/place-file.js';
import { abortedError } from '../errors.js';
import { isSyncFailure } from './task-errors.js';

export interface SharedFiles {
  readonly paths: readonly string[];
  /** One Int32: the index of the next path. Behind the last: nothing is left, or a hand has failed. */
  readonly next: SharedArrayBuffer;
}

export function sharedFiles(paths: readonly string[]): SharedFiles {
  return { paths, next: new SharedArrayBuffer(4) };
}

/** Takes the next path; undefined when there is none. */
function takePath({ paths, next }: SharedFiles): string | undefined {
  return paths[Atomics.add(new Int32Array(next), 0, 1)];
}

function takeAll({ paths, next }: SharedFiles): void {
  Atomics.store(new Int32Array(next), 0, paths.length);
}

/** Syncs what no other hand has taken. */
export function syncSharedFiles(
  fileSystem: FileSystem,
  files: SharedFiles,
  checkCancelled: () => void,
): void {
  try {
    for (let path = takePath(files); path !== undefined; path = takePath(files)) {
      checkCancelled();
      syncFile(fileSystem, path);
    }
  } catch (error) {
    takeAll(files);
    throw error;
  }
}

/** `syncSharedFiles`, without a thread that waits for the disk. */
export async function syncSharedFilesAsync(
  files: SharedFiles,
  syncOne: (path: string) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for (let path = takePath(files); path !== undefined; path = takePath(files)) {
      if (signal?.aborted) throw abortedError();
      await syncOne(path);
    }
  } catch (error) {
    takeAll(files);
    throw error;
  }
}

/** Ends when every hand has; then throws the first failure, a failed sync before any other: it poisons. */
export async function allHands(hands: ReadonlyArray<Promise<void>>): Promise<void> {
  const results = await Promise.allSettled(hands);
  const failed = results.filter((result) => result.status === 'rejected');
  const first = failed.find(({ reason }) => isSyncFailure(reason)) ?? failed[0];
  if (first !== undefined) throw first.reason;
}
