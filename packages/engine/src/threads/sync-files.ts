// Syncs many files at once. A file system commits together what waits together, so that eight files that
// several threads sync take little longer than two; and a sync holds up whoever makes or links files in
// the same directory meanwhile, so that it pays to make all of them first.
//

import type { FileSystem } from '@sstitch/sst';
import { throwIfAborted } from '../errors.js';
import { syncFile } from '../files/place-file.js';
import { type SharedList, takeEach, takeRest } from './shared-list.js';
import { defineTask } from './task.js';
import { isSyncFailure } from './task-errors.js';

/** Syncs what no other hand has taken. */
export function syncSharedFiles(
  fileSystem: FileSystem,
  paths: SharedList<string>,
  checkCancelled: () => void,
): void {
  try {
    for (const [, path] of takeEach(paths)) {
      checkCancelled();
      syncFile(fileSystem, path);
    }
  } catch (error) {
    takeRest(paths);
    throw error;
  }
}

export const syncSharedFilesTask = defineTask('syncSharedFiles', syncSharedFiles);

/** `syncSharedFiles`, without a thread that waits for the disk. */
export async function syncSharedFilesAsync(
  paths: SharedList<string>,
  syncOne: (path: string) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for (const [, path] of takeEach(paths)) {
      throwIfAborted(signal);
      await syncOne(path);
    }
  } catch (error) {
    takeRest(paths);
    throw error;
  }
}

/** Ends when every hand has; then throws the first failure, a failed sync before any other: it poisons. */
export async function allWorkers(hands: ReadonlyArray<Promise<unknown>>): Promise<void> {
  const results = await Promise.allSettled(hands);
  const failed = results.filter((result) => result.status === 'rejected');
  const first = failed.find(({ reason }) => isSyncFailure(reason)) ?? failed[0];
  if (first !== undefined) throw first.reason;
}
