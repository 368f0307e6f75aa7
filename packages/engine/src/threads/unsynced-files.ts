// The held files (files/held-files.ts) of one operation: what its tasks have written so far.
//
// Invariant: the operation either syncs all of them or closes them, by the time it ends.
import type { OpenFile } from '@sstitch/sst';
import { closeHeldFiles, type WithUnsynced } from '../files/held-files.js';
import { syncFiles } from './sync-files.js';
import { asEngineError } from './task-errors.js';
import type { WorkerPool } from './worker-pool.js';

export class UnsyncedFiles {
  readonly #pool: WorkerPool;
  #files: OpenFile[] = [];

  constructor(pool: WorkerPool) {
    this.#pool = pool;
  }

  /** Takes over the files of a task's output; returns the output. */
  takeFrom<T extends WithUnsynced>(output: T): T {
    this.#files.push(...output.unsynced);
    return output;
  }

  /** Passes all on to the caller. */
  take(): readonly OpenFile[] {
    const files = this.#files;
    this.#files = [];
    return files;
  }

  /**
   * Syncs and closes all.
   *
   * @param busy see `syncFiles`
   */
  sync(signal: AbortSignal | undefined, busy?: Promise<unknown>): Promise<void> {
    return syncFiles(this.#pool, this.take(), signal, busy);
  }

  /** Closes those of other paths than these: nobody needs them. */
  keepOnly(paths: ReadonlySet<string>): void {
    const all = this.take();
    this.#files = all.filter(({ path }) => paths.has(path));
    const others = all.filter(({ path }) => !paths.has(path));
    closeHeldFiles(this.#pool.fileSystem, others);
  }

  /** Closes all: nobody needs them. */
  close(): void {
    closeHeldFiles(this.#pool.fileSystem, this.take());
  }
}

/**
 * Runs work that makes files, then syncs them; if it fails they are closed.
 *
 * @throws what the work throws; EngineError SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function syncingFiles<T>(
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
