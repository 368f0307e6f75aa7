// Makes a store of an existing LevelDB directory, by links: of classic-level, level, LevelDB itself, or another
// program that writes its format.

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

export interface AdoptOptions {
  readonly signal?: AbortSignal;
  /** Called at first, and after each table but the last. What it throws ends the adoption. */
  readonly onProgress?: (progress: AdoptProgress) => void;
  /**
   * Read every table in full first, and refuse what LevelDB cannot read, or would read wrongly. Without it a
   * damaged table is taken as it is: only for a database that was verified just now.
   * @defaultValue true
   */
  readonly verify?: boolean;
  /** @defaultValue Node's file system, in worker threads */
  readonly fileSystem?: FileSystem;
}

export interface AdoptProgress {
  /** Tables that were read and found sound. */
  readonly tables: number;
  readonly ofTables: number;
}

/**
 * Makes the store `storeDirectory` of the LevelDB database in `levelDirectory`: tables are linked, logs
 * copied, so that what was never flushed is there too. The database is left as it is, and may be
 * open; the store holds what it held at one moment.
 *
 * @throws EngineError SSTITCH_TARGET_EXISTS, SSTITCH_OPTION_INVALID; SSTITCH_STORE_CORRUPT for damage,
 * SSTITCH_STORE_FORMAT for what LevelDB cannot read (another database, another comparator, another compression),
 * each with the file's path; SSTITCH_ABORTED, SSTITCH_FILE_OPERATION; then no store is made
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
      // A private copy of a store's generation may lie in that store.
      mayLieIn: [READERS_DIRECTORY],
    };
    const begun = await pool.run(beginStoreTask, input, { signal });
    try {
      if (verify) await checkTables(pool, levelDirectory, begun, options);
      await pool.run(finishStoreTask, input, { signal });
    } catch (error) {
      // Another failure here says less than the first.
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
