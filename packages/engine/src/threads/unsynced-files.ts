// The held files (files/held-files.ts) that the tasks of one operation have written so far.
//
// Invariant: by the time it ends, the operation has fsynced or closed all of them.
import type { OpenFile } from '@sstitch/sst';
import { closeHeldFiles, type WithUnsynced } from '../files/held-files.js';
import { fsyncFiles } from './fsync-files.js';
import { asEngineError } from './task-errors.js';
import type { WorkerPool } from './worker-pool.js';

/** The files of one operation that are not fsynced yet. */
export class UnsyncedFiles {
  readonly #pool: WorkerPool;
  #files: OpenFile[] = [];

  constructor(pool: WorkerPool) {
    this.#pool = pool;
  }

  /** Takes over the files of a task's output. Returns the output. */
  takeFrom<T extends WithUnsynced>(output: T): T {
    this.#files.push(...output.unsynced);
    return output;
  }

  /** Returns the files, and passes their ownership to the caller. */
  take(): readonly OpenFile[] {
    const files = this.#files;
    this.#files = [];
    return files;
  }

  /**
   * Fsyncs and closes the files.
   *
   * @param busy until it settles, the bulk threads are left to other work
   */
  sync(signal: AbortSignal | undefined, busy?: Promise<unknown>): Promise<void> {
    return fsyncFiles(this.#pool, this.take(), signal, busy);
  }

  /** Closes the files with other paths without an fsync, as they are not needed. */
  keepOnly(paths: ReadonlySet<string>): void {
    const all = this.take();
    this.#files = all.filter(({ path }) => paths.has(path));
    const others = all.filter(({ path }) => !paths.has(path));
    closeHeldFiles(this.#pool.fileSystem, others);
  }

  /** Closes the files without an fsync, as they are not needed. */
  close(): void {
    closeHeldFiles(this.#pool.fileSystem, this.take());
  }
}

/**
 * Runs work that writes files, then fsyncs them. If the work fails, the files are closed.
 *
 * @throws what the work throws; EngineError SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function fsyncingFiles<T>(
  pool: WorkerPool,
  signal: AbortSignal | undefined,
  work: (unsynced: UnsyncedFiles) => Promise<T>,
): Promise<T> {
  const unsynced = new UnsyncedFiles(pool);
  try {
    const made = await work(unsynced);
    await unsynced.sync(signal).catch((error: unknown) => {
      throw asEngineError(error);
    });
    return made;
  } finally {
    unsynced.close();
  }
}
