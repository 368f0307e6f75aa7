// Syncs many files at once. A file system commits together what waits together, so that eight files that
// several threads sync take little longer than two; and a sync holds up whoever makes or links files in
// the same directory meanwhile, so that it pays to make all of them first.
//
// Invariant: each file is taken once, and whoever takes it closes it. After a failure the rest is closed unsynced.

import { type FileSystem, nodeFileSystem, type OpenFile } from '@sstitch/sst';
import { throwIfAborted } from '../errors.js';
import { closeHeldFiles, syncHeldFile, syncHeldNodeFile } from '../files/held-files.js';
import { type SharedList, takeEach } from './shared-list.js';
import { defineTask } from './task.js';
import { isSyncFailure } from './task-errors.js';

/** Syncs and closes what no other worker has taken. */
export function syncSharedFiles(
  fileSystem: FileSystem,
  files: SharedList<OpenFile>,
  checkCancelled: () => void,
): void {
  try {
    checkCancelled();
    for (const [, file] of takeEach(files)) {
      syncHeldFile(fileSystem, file);
      checkCancelled();
    }
  } catch (error) {
    closeRest(fileSystem, files);
    throw error;
  }
}

export const syncSharedFilesTask = defineTask('syncSharedFiles', syncSharedFiles);

/** `syncSharedFiles` of Node's file system, without a thread that waits for the disk. */
export async function syncSharedNodeFiles(
  files: SharedList<OpenFile>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    throwIfAborted(signal);
    for (const [, file] of takeEach(files)) {
      await syncHeldNodeFile(file);
      throwIfAborted(signal);
    }
  } catch (error) {
    closeRest(nodeFileSystem, files);
    throw error;
  }
}

function closeRest(fileSystem: FileSystem, files: SharedList<OpenFile>): void {
  for (const [, file] of takeEach(files)) closeHeldFiles(fileSystem, [file]);
}

/** Ends when every worker has; then throws the first failure, a failed sync before any other: it poisons. */
export async function allWorkers(workers: ReadonlyArray<Promise<unknown>>): Promise<void> {
  const results = await Promise.allSettled(workers);
  const failed = results.filter((result) => result.status === 'rejected');
  const first = failed.find(({ reason }) => isSyncFailure(reason)) ?? failed[0];
  if (first !== undefined) throw first.reason;
}
