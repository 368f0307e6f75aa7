// Makes a store of an existing LevelDB folder, by links: of classic-level, level or LevelDB itself.
import type { FileSystem } from '@sstitch/sst';
import { ENGINE_NAME } from './engine-name.js';
import type { CopiedGeneration } from './extract/copy-generation.js';
import { READERS_FOLDER } from './store-files.js';
import { asEngineError } from './workers/task-errors.js';
import { InlineRunner, ThreadRunner } from './workers/task-runner.js';

export interface AdoptOptions {
  readonly signal?: AbortSignal;
  /** @defaultValue Node's file system, in a worker thread */
  readonly fileSystem?: FileSystem;
}

/**
 * Makes the store `storeFolder` of the LevelDB database in `levelFolder`: tables are linked, logs
 * copied, so that what was never flushed is there too. The database is left as it is, and may be
 * open; the store holds what it held at one moment.
 *
 * @throws EngineError SSTITCH_TARGET_EXISTS, SSTITCH_OPTION_INVALID, SSTITCH_STORE_CORRUPT, SSTITCH_STORE_FORMAT,
 * SSTITCH_FILE_OPERATION; then no store is made
 */
export async function adopt(
  levelFolder: string,
  storeFolder: string,
  options: AdoptOptions = {},
): Promise<CopiedGeneration> {
  const runner = options.fileSystem ? new InlineRunner(options.fileSystem) : new ThreadRunner();
  try {
    const input = {
      sourceFolder: levelFolder,
      storeFolder,
      logs: true,
      leastLogNumber: 0,
      writtenBy: ENGINE_NAME,
      // A private copy of a store's generation may lie in that store.
      mayLieIn: [READERS_FOLDER],
    };
    return await runner.run('makeStoreFrom', input, { signal: options.signal });
  } catch (error) {
    throw asEngineError(error);
  }
}
