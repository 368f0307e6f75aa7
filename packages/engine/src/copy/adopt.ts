// Makes a store of an existing LevelDB directory, by links: of classic-level, level, LevelDB itself, or another
// program that writes its format.

import type { FileSystem } from '@sstitch/sst';
import { ENGINE_NAME } from '../store-directory/engine-name.js';
import { READERS_DIRECTORY } from '../store-directory/store-files.js';
import { BULK_THREADS, inLanes } from '../threads/in-lanes.js';
import { asEngineError } from '../threads/task-errors.js';
import { InlineRunner, type TaskRunner, ThreadRunner } from '../threads/task-runner.js';
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
  /** Called before each table is read. */
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
  /** Tables whose reading has begun. */
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
  const runner = options.fileSystem ? new InlineRunner(options.fileSystem) : new ThreadRunner();
  const { signal, verify = true } = options;
  try {
    await runner.run(checkAdoptableTask, { directory: levelDirectory }, { signal });
    const input = {
      sourceDirectory: levelDirectory,
      storeDirectory,
      logs: true,
      leastLogNumber: 0,
      writtenBy: ENGINE_NAME,
      // A private copy of a store's generation may lie in that store.
      mayLieIn: [READERS_DIRECTORY],
    };
    const begun = await runner.run(beginStoreTask, input, { signal });
    try {
      if (verify) await checkTables(runner, levelDirectory, begun, options);
      await runner.run(finishStoreTask, input, { signal });
    } catch (error) {
      // Another failure here says less than the first.
      const { made } = begun;
      await runner.run(abandonStoreTask, { made }).catch(() => undefined);
      throw error;
    }
    return begun.copied;
  } catch (error) {
    throw asEngineError(error);
  }
}

async function checkTables(
  runner: TaskRunner,
  sourceDirectory: string,
  { tableDirectory, tables }: BegunStore,
  { signal, onProgress }: AdoptOptions,
): Promise<void> {
  let begun = 0;
  await inLanes(tables, BULK_THREADS, async (table) => {
    onProgress?.({ tables: begun++, ofTables: tables.length });
    await runner.run(checkAdoptedTableTask, { tableDirectory, sourceDirectory, table }, { signal });
  });
}
