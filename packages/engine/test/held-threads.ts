// Blocks both bulk threads, like long checks of another store: each waits for a pipe to be opened.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { checkAdoptedTableTask } from '../src/copy/check-adopted.js';
import { tableFileName } from '../src/leveldb/file-names.js';
import { mkdirTask } from '../src/store-directory/store-files.js';
import { threadPool } from '../src/threads/thread-pool.js';
import { BULK_THREADS } from '../src/threads/worker-pool.js';
import { temporaryDirectory } from './store-fixture.js';

const NO_KEY = new Uint8Array(8);

/** Makes tasks that are sent from now on wait. The release fulfils when the threads have done them. */
export function holdBulkThreads(): Promise<() => Promise<void>> {
  return holdThreads(BULK_THREADS);
}

/** Blocks one bulk thread. */
export function holdOneBulkThread(): Promise<() => Promise<void>> {
  return holdThreads(1);
}

async function holdThreads(heldCount: number): Promise<() => Promise<void>> {
  const pool = threadPool();
  const directory = temporaryDirectory();
  // The pool prefers threads that have loaded their code, that is, have answered.
  const onEach = <T>(work: () => Promise<T>, threads = BULK_THREADS) =>
    Promise.all(Array.from({ length: threads }, work));
  await onEach(() => pool.run(mkdirTask, { directory }));
  let count = 0;
  const pipes: string[] = [];
  const held = onEach(() => {
    const table = { number: ++count, sizeBytes: 0, smallest: NO_KEY, largest: NO_KEY };
    const pipe = join(directory, tableFileName(table.number));
    execFileSync('mkfifo', [pipe]);
    pipes.push(pipe);
    // The open waits for a writer. The task then fails, as a pipe is not a table.
    const input = { tableDirectory: directory, sourceDirectory: directory, table };
    return pool.run(checkAdoptedTableTask, input).catch(() => undefined);
  }, heldCount);
  let released: Promise<void> | undefined;
  const release = () => {
    released ??= (async () => {
      // Opened for reading too, which does not wait for the other end.
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
