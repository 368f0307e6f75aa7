// Repairs a store with a damaged log, by dropping the records that LevelDB would drop silently. It runs only on
// request, and keeps a complete copy of every log that it changes.

import type { FileSystem } from '@sstitch/sst';
import { checkDirectory, checkOptions } from '../check-options.js';
import { EngineError } from '../errors.js';
import { levelOptionsOf } from '../leveldb/level-options.js';
import { poolFor } from '../threads/pool-for.js';
import { asEngineError } from '../threads/task-errors.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { isStillCurrent, openLevelDirectory } from './open-generation.js';
import { claimStore, releaseStore } from './open-stores.js';
import { prepareOpenTask } from './prepare-open.js';
import { type SalvagedLog, salvageFilesTask, shareLockTask } from './salvage-files.js';
import { generationName, removeDirectoryTask, STAGING_DIRECTORY } from './store-files.js';

/** Options of `salvageLogs`. */
export interface SalvageOptions {
  /** Aborts the call. */
  readonly signal?: AbortSignal | undefined;
  /** The file operations to use, on the calling thread. @defaultValue Node's file system, in a worker thread */
  readonly fileSystem?: FileSystem;
}

/** What `salvageLogs` did. */
export interface SalvageReport {
  /** The number of the current generation. */
  readonly generation: number;
  /** The number of operations before the damage in the damaged logs. */
  readonly keptOperations: number;
  /** The bytes that were dropped from all logs. */
  readonly droppedBytes: number;
  /** The logs of which something was dropped, each with the path of its complete copy. Empty if none is damaged. */
  readonly logs: readonly SalvagedLog[];
}

/**
 * Drops everything from the first damaged record on from a closed store's logs, so that the store opens in the state
 * before that record. Complete copies of the logs remain in the store's directory `salvaged`, which nothing removes.
 * A store without a damaged log is not changed.
 *
 * @throws EngineError SSTITCH_STORE_NOT_FOUND, SSTITCH_STORE_FORMAT; LEVEL_LOCKED if the store is open;
 * SSTITCH_STORE_CORRUPT if other files are damaged too; SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
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
    if (generation === undefined) throw new Error('prepareOpen returned no generation');
    claimStore(realPath);
    claimed = realPath;
    const input = { root: realPath, label: generationName(generation) };
    const logs = await withLock(pool, location, input, async () => {
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
  return new EngineError('LEVEL_LOCKED', 'another process is committing to the store', { path });
}

/**
 * Runs `work` under the generation's lock, without letting LevelDB replay its logs: it opens an empty database whose
 * LOCK is a link to the generation's. POSIX locks belong to the file, not to its name.
 */
async function withLock<T>(
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
