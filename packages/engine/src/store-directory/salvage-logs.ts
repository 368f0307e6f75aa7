// Makes a store open again of which a log is damaged, by dropping what LevelDB would drop without a word. Asked
// for, never by itself; what is dropped is kept aside.

import type { FileSystem } from '@sstitch/sst';
import { checkDirectory, checkOptions } from '../check-options.js';
import { EngineError } from '../errors.js';
import { levelOptionsOf } from '../leveldb/level-options.js';
import { poolFor } from '../threads/pool-for.js';
import { asEngineError } from '../threads/task-errors.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { isStillCurrent, openLevelDirectory } from './open-generation.js';
import { claimStore, releaseStore } from './open-stores.js';
import { type SalvagedLog, salvageFilesTask, shareLockTask } from './salvage-files.js';
import {
  generationName,
  prepareOpenTask,
  removeDirectoryTask,
  STAGING_DIRECTORY,
} from './store-files.js';

export interface SalvageOptions {
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue Node's file system, in a worker thread */
  readonly fileSystem?: FileSystem;
}

export interface SalvageReport {
  readonly generation: number;
  /** Operations of the damaged logs that come before the damage. */
  readonly keptOperations: number;
  readonly droppedBytes: number;
  /** Logs of which something was dropped, each with where the whole of it is now; empty where none is damaged. */
  readonly logs: readonly SalvagedLog[];
}

/**
 * Drops, of a closed store's logs, what comes from the first damage on, so that the store opens as it was at that
 * moment. The logs are kept, whole, in the store's directory `salvaged`, which nothing removes. A store without a
 * damaged log is left as it is.
 *
 * @throws EngineError SSTITCH_STORE_NOT_FOUND, SSTITCH_STORE_FORMAT, LEVEL_LOCKED for a store that is open;
 * SSTITCH_STORE_CORRUPT where something else is wrong with it; SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function salvageLogs(
  location: string,
  options: SalvageOptions = {},
): Promise<SalvageReport> {
  checkDirectory(location, 'location');
  checkOptions(options, { signal: 'signal', fileSystem: 'fileSystem' });
  const { fileSystem, signal } = options;
  const pool = poolFor(fileSystem);
  let claimed: string | undefined;
  try {
    const query = { location, createIfMissing: false, errorIfExists: false };
    const { realPath, generation } = await pool.run(prepareOpenTask, query, { signal });
    if (generation === undefined) throw new Error('prepareOpen refuses what is not there');
    claimStore(realPath);
    claimed = realPath;
    const input = { root: realPath, label: generationName(generation) };
    const logs = await locked(pool, location, input, async () => {
      if (!(await isStillCurrent(pool, { location }, generation))) throw committing(location);
      return pool.run(salvageFilesTask, input, { signal });
    });
    return {
      generation,
      keptOperations: logs.reduce((sum, { keptOperations }) => sum + keptOperations, 0),
      droppedBytes: logs.reduce((sum, { droppedBytes }) => sum + droppedBytes, 0),
      logs,
    };
  } catch (error) {
    throw asEngineError(error);
  } finally {
    if (claimed !== undefined) releaseStore(claimed);
  }
}

function committing(path: string): EngineError {
  return new EngineError('LEVEL_LOCKED', 'another process commits to the store', { path });
}

/**
 * Runs `work` under the generation's lock, without LevelDB's seeing its logs: it opens an empty database beside
 * it whose LOCK is a link to the generation's. POSIX locks belong to the file, whatever its name.
 */
async function locked<T>(
  pool: WorkerPool,
  location: string,
  { root, label }: { readonly root: string; readonly label: string },
  work: () => Promise<T>,
): Promise<T> {
  const directory = `${root}/${STAGING_DIRECTORY}/lock-of-${label}`;
  await pool.run(shareLockTask, { root, label, directory });
  try {
    const options = { location, level: levelOptionsOf({}) };
    const holder = await openLevelDirectory(pool, directory, options, true);
    try {
      return await work();
    } finally {
      await holder.close();
    }
  } finally {
    await pool.run(removeDirectoryTask, { directory }).catch(() => undefined);
  }
}
