// Makes a store from an existing LevelDB directory, by links. The directory may be written by classic-level, level,
// LevelDB itself, or another program that writes the format.

import type { FileSystem } from '@sstitch/sst';
import { checkDirectory, checkOptions } from '../check-options.js';
import { ENGINE_NAME } from '../store-directory/engine-name.js';
import { READERS_DIRECTORY } from '../store-directory/store-files.js';
import { poolFor } from '../threads/pool-for.js';
import { asEngineError } from '../threads/task-errors.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { checkAdoptableTask, checkAdoptedTableTask } from './check-adopted.js';
import type { CopiedGeneration } from './copy-generation.js';
import {
  abandonStoreTask,
  type BegunStore,
  beginStoreTask,
  finishStoreTask,
} from './make-store.js';

/** Options of `adopt`. */
export interface AdoptOptions {
  /** Aborts the call. No store is made then. */
  readonly signal?: AbortSignal;
  /** Called once at the start, and after each checked table but the last. What it throws ends the call. */
  readonly onProgress?: (progress: AdoptProgress) => void;
  /**
   * Read every table in full, and refuse tables that LevelDB cannot read or would misread. Without it, damaged tables
   * are adopted as they are: disable it only for a database that was just verified.
   * @defaultValue true
   */
  readonly verify?: boolean;
  /** The file system. @defaultValue Node's file system, in worker threads */
  readonly fileSystem?: FileSystem;
}

/** The progress of `adopt`. */
export interface AdoptProgress {
  /** The number of tables that were checked. */
  readonly tables: number;
  /** The number of all tables. */
  readonly ofTables: number;
}

/**
 * Makes a store in `storeDirectory` from the LevelDB database in `levelDirectory`. Tables are linked and logs copied,
 * so that unflushed writes are included. The database is not changed and may be open; the store holds one of its
 * states.
 *
 * @param storeDirectory must not exist or must be empty
 * @throws EngineError SSTITCH_TARGET_EXISTS, SSTITCH_OPTION_INVALID, SSTITCH_ABORTED, SSTITCH_FILE_OPERATION; with the
 * file's path, SSTITCH_STORE_CORRUPT for damage and SSTITCH_STORE_FORMAT for what LevelDB cannot read (another
 * database, comparator or compression). After an error there is no store
 */
export async function adopt(
  levelDirectory: string,
  storeDirectory: string,
  options: AdoptOptions = {},
): Promise<CopiedGeneration> {
  checkDirectory(levelDirectory, 'levelDirectory');
  checkDirectory(storeDirectory, 'storeDirectory');
  checkOptions(options, {
    signal: 'signal',
    onProgress: 'function',
    verify: 'boolean',
    fileSystem: 'fileSystem',
  });
  const pool = poolFor(options.fileSystem);
  const { signal, verify = true } = options;
  try {
    await pool.run(checkAdoptableTask, { directory: levelDirectory }, { signal });
    const input = {
      sourceDirectory: levelDirectory,
      storeDirectory,
      logs: true,
      leastLogNumber: 0,
      writtenBy: ENGINE_NAME,
      // A read-only store's private copy is in `readers`, and may be adopted from there.
      mayLieIn: [READERS_DIRECTORY],
    };
    const begun = await pool.run(beginStoreTask, input, { signal });
    try {
      if (verify) await checkTables(pool, levelDirectory, begun, options);
      await pool.run(finishStoreTask, input, { signal });
    } catch (error) {
      // The first error is the one to report.
      const { made } = begun;
      await pool.run(abandonStoreTask, { made }).catch(() => undefined);
      throw error;
    }
    return begun.copied;
  } catch (error) {
    throw asEngineError(error);
  }
}

async function checkTables(
  pool: WorkerPool,
  sourceDirectory: string,
  { tableDirectory, tables }: BegunStore,
  { signal, onProgress }: AdoptOptions,
): Promise<void> {
  let checked = 0;
  const report = () => {
    if (checked < tables.length) onProgress?.({ tables: checked++, ofTables: tables.length });
  };
  report();
  const items = tables.map((table) => ({ tableDirectory, sourceDirectory, table }));
  await pool.forEach(checkAdoptedTableTask, items, { signal, onOutput: report });
}
