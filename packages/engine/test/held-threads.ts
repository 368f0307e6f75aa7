// Holds both bulk threads, as long checks of another store do: each waits for a pipe to be opened.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { mkdirTask } from '../src/store-directory/store-files.js';
import { sharedList } from '../src/threads/shared-list.js';
import { syncSharedFilesTask } from '../src/threads/sync-files.js';
import { BULK_THREADS, threadPool } from '../src/threads/thread-pool.js';
import { temporaryDirectory } from './store-fixture.js';

/** Tasks sent from now on wait; the release fulfils when the threads have done all of those. */
export function holdBulkThreads(): Promise<() => Promise<void>> {
  return holdThreads(BULK_THREADS);
}

/** Holds one bulk thread of several. */
export function holdOneBulkThread(): Promise<() => Promise<void>> {
  return holdThreads(1);
}

async function holdThreads(heldCount: number): Promise<() => Promise<void>> {
  const pool = threadPool();
  const directory = temporaryDirectory();
  // The pool shares tasks out among threads that have loaded their code: those that have answered.
  const onEach = <T>(work: () => Promise<T>, threads = BULK_THREADS) =>
    Promise.all(Array.from({ length: threads }, work));
  await onEach(() => pool.run(mkdirTask, { directory }));
  let count = 0;
  const pipes: string[] = [];
  const held = onEach(() => {
    const pipe = join(directory, `pipe-${count++}`);
    execFileSync('mkfifo', [pipe]);
    pipes.push(pipe);
    // The open waits for a writer; a pipe cannot be synced, which ends the task.
    return pool.run(syncSharedFilesTask, sharedList([pipe])).catch(() => undefined);
  }, heldCount);
  let released: Promise<void> | undefined;
  const release = () => {
    released ??= (async () => {
      // To read too: that waits for no other end.
      const writers = pipes.map((pipe) => openSync(pipe, 'r+'));
      await held;
      for (const writer of writers) closeSync(writer);
      await onEach(() => pool.run(mkdirTask, { directory }));
    })();
    return released;
  };
  onTestFinished(release);
  return release;
}
