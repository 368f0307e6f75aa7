// Syncs many files at once. A file system commits together what waits together, so that eight files that
// several threads sync take little longer than two; and a sync holds up whoever makes or links files in
// the same directory meanwhile, so that it pays to make all of them first.
//
// Invariant: each file is taken once, and whoever takes it closes it. After a failure the rest is closed unsynced.

import { type FileSystem, nodeFileSystem, type OpenFile } from '@sstitch/sst';
import { throwIfAborted } from '../errors.js';
import { closeHeldFiles, syncHeldFile, syncHeldNodeFile } from '../files/held-files.js';
import { ItemCounter } from './shared-state.js';
import { defineTask } from './task.js';
import { isSyncFailure } from './task-errors.js';
import { BULK_THREADS, type WorkerPool } from './worker-pool.js';

/** Files that several workers sync, in threads and without. */
export interface SharedFiles {
  readonly files: readonly OpenFile[];
  /** See ItemCounter. */
  readonly nextFile: SharedArrayBuffer;
}

export function sharedFiles(files: readonly OpenFile[]): SharedFiles {
  return { files, nextFile: new ItemCounter(files.length).memory };
}

/** Takes those that no other worker has taken, each when it is asked for. */
function* takeEach({ files, nextFile }: SharedFiles): Generator<OpenFile> {
  const counter = new ItemCounter(files.length, nextFile);
  for (let index = counter.take(); index !== undefined; index = counter.take()) {
    yield files[index] as OpenFile;
  }
}

/**
 * Syncs files that are held (held-files.ts) and closes them; ends when none is open, whether or not one failed.
 *
 * @param busy while it lasts, the bulk threads are left to other work
 */
export async function syncFiles(
  pool: WorkerPool,
  held: readonly OpenFile[],
  signal: AbortSignal | undefined,
  busy?: Promise<unknown>,
): Promise<void> {
  const files = sharedFiles(held);
  const byNode = () => syncSharedNodeFiles(files, signal);
  const byPool = async () => {
    await busy?.catch(() => undefined);
    const { hasMore } = new ItemCounter(held.length, files.nextFile);
    if (hasMore) await pool.run(syncSharedFilesTask, files, { signal });
  };
  // As few workers as will do on Node's own threads: gets wait there too. None in the urgent thread, as large tables
  // take their time.
  const ofNode = pool.fileSystem !== nodeFileSystem ? 0 : busy === undefined ? 1 : 2;
  const workers = [
    ...Array.from({ length: ofNode }, () => byNode),
    ...Array.from({ length: BULK_THREADS }, () => byPool),
  ];
  try {
    await allWorkers(workers.slice(0, held.length).map((work) => work()));
  } finally {
    // Of an abort before the first.
    closeRest(pool.fileSystem, files);
  }
}

/** Syncs and closes what no other worker has taken. */
export function syncSharedFiles(
  fileSystem: FileSystem,
  files: SharedFiles,
  checkCancelled: () => void,
): void {
  try {
    checkCancelled();
    for (const file of takeEach(files)) {
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
  files: SharedFiles,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    throwIfAborted(signal);
    for (const file of takeEach(files)) {
      await syncHeldNodeFile(file);
      throwIfAborted(signal);
    }
  } catch (error) {
    closeRest(nodeFileSystem, files);
    throw error;
  }
}

function closeRest(fileSystem: FileSystem, files: SharedFiles): void {
  for (const file of takeEach(files)) closeHeldFiles(fileSystem, [file]);
}

/** Ends when every worker has; then throws the first failure, a failed sync before any other: it poisons. */
export async function allWorkers(workers: ReadonlyArray<Promise<unknown>>): Promise<void> {
  const results = await Promise.allSettled(workers);
  const failed = results.filter((result) => result.status === 'rejected');
  const first = failed.find(({ reason }) => isSyncFailure(reason)) ?? failed[0];
  if (first !== undefined) throw first.reason;
}
