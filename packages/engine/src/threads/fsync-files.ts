// Fsyncs many files concurrently. A file system commits concurrent fsyncs together, so that eight files take little
// longer than two. An fsync also delays the creation and linking of files in the same directory, so callers make all
// files before they fsync the first.
//
// Invariant: each file is taken once, by a worker that closes it. After a failure the remaining files are closed
// without an fsync.

import { type FileSystem, nodeFileSystem, type OpenFile } from '@sstitch/sst';
import { throwIfAborted } from '../errors.js';
import { closeHeldFiles, fsyncHeldFile, fsyncHeldNodeFile } from '../files/held-files.js';
import { ItemCounter } from './shared-state.js';
import { defineTask } from './task.js';
import { isFsyncFailure } from './task-errors.js';
import { BULK_THREADS, type WorkerPool } from './worker-pool.js';

/** Files that several workers fsync, in threads or asynchronously. */
export interface SharedFiles {
  readonly files: readonly OpenFile[];
  /** The memory of an ItemCounter. */
  readonly nextFile: SharedArrayBuffer;
}

export function sharedFiles(files: readonly OpenFile[]): SharedFiles {
  return { files, nextFile: new ItemCounter(files.length).memory };
}

/** Takes files, one at a time, until none is left. */
function* takeEach({ files, nextFile }: SharedFiles): Generator<OpenFile> {
  const counter = new ItemCounter(files.length, nextFile);
  for (let index = counter.take(); index !== undefined; index = counter.take()) {
    yield files[index] as OpenFile;
  }
}

/**
 * Fsyncs and closes held files (files/held-files.ts). It settles when all are closed, even after a failure.
 *
 * @param busy until it settles, the bulk threads are left to other work
 */
export async function fsyncFiles(
  pool: WorkerPool,
  held: readonly OpenFile[],
  signal: AbortSignal | undefined,
  busy?: Promise<unknown>,
): Promise<void> {
  const files = sharedFiles(held);
  const byNode = () => fsyncSharedNodeFiles(files, signal);
  const byPool = async () => {
    await busy?.catch(() => undefined);
    const { hasMore } = new ItemCounter(held.length, files.nextFile);
    if (hasMore) await pool.run(fsyncSharedFilesTask, files, { signal });
  };
  // Few workers on Node's own threads, where gets run too, and none in the urgent thread, as large tables take long.
  const ofNode = pool.fileSystem !== nodeFileSystem ? 0 : busy === undefined ? 1 : 2;
  const workers = [
    ...Array.from({ length: ofNode }, () => byNode),
    ...Array.from({ length: BULK_THREADS }, () => byPool),
  ];
  try {
    await allWorkers(workers.slice(0, held.length).map((work) => work()));
  } finally {
    // Files are left if the work was aborted before its first file.
    closeRest(pool.fileSystem, files);
  }
}

/** Fsyncs and closes files that no other worker takes. */
export function fsyncSharedFiles(
  fileSystem: FileSystem,
  files: SharedFiles,
  checkCancelled: () => void,
): void {
  try {
    checkCancelled();
    for (const file of takeEach(files)) {
      fsyncHeldFile(fileSystem, file);
      checkCancelled();
    }
  } catch (error) {
    closeRest(fileSystem, files);
    throw error;
  }
}

export const fsyncSharedFilesTask = defineTask('fsyncSharedFiles', fsyncSharedFiles);

/** Does what `fsyncSharedFiles` does on Node's file system, without blocking the calling thread. */
export async function fsyncSharedNodeFiles(
  files: SharedFiles,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    throwIfAborted(signal);
    for (const file of takeEach(files)) {
      await fsyncHeldNodeFile(file);
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

/** Waits for all workers, then throws the first failure. A failed fsync takes precedence, as it poisons the store. */
export async function allWorkers(workers: ReadonlyArray<Promise<unknown>>): Promise<void> {
  const results = await Promise.allSettled(workers);
  const failed = results.filter((result) => result.status === 'rejected');
  const first = failed.find(({ reason }) => isFsyncFailure(reason)) ?? failed[0];
  if (first !== undefined) throw first.reason;
}
