// Opens a store's directory, or makes it, and recovers from a crash.

import { isDiskFull } from '../files/disk-full.js';
import type { LevelDatabase } from '../leveldb/level-database.js';
import { asEngineError } from '../threads/task-errors.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { createStoreFilesTask } from './create-store-files.js';
import { keepReserveTask, releaseReserveTask } from './disk-reserve.js';
import { removeEndedReaders } from './ended-readers.js';
import { ENGINE_NAME } from './engine-name.js';
import { keepsCommitting, lockedError } from './locked-error.js';
import {
  isStillCurrent,
  loggedDirectory,
  makeFirstGeneration,
  type OpenOptions,
  openGeneration,
} from './open-generation.js';
import { claimStore, releaseStore } from './open-stores.js';
import { settleOpened } from './open-with-logs.js';
import { prepareOpenTask } from './prepare-open.js';
import { cleanStoreTask, generationName } from './store-files.js';

/** The limit of attempts. An attempt fails if another process commits meanwhile. */
const MAX_OPEN_ROUNDS = 10;

export interface StoreDirectoryOptions extends OpenOptions {
  readonly createIfMissing: boolean;
  readonly errorIfExists: boolean;
  readonly reserveBytes: number;
}

/** A store's directory, claimed for this process, and its open current generation. */
export interface OpenedStoreDirectory {
  /** The real path. */
  readonly directory: string;
  /** The current generation's number. */
  readonly number: number;
  readonly database: LevelDatabase;
  /** The greatest number that a generation had so far. */
  readonly lastNumber: number;
}

/**
 * Opens and claims a store's directory. If that fails because the disk is full, removes the reserve and opens it again.
 *
 * @throws EngineError; the directory is not claimed then
 */
export async function openStoreDirectory(
  pool: WorkerPool,
  options: StoreDirectoryOptions,
): Promise<OpenedStoreDirectory> {
  const directory = options.location;
  let sizeBytes = 0;
  try {
    return await openAndClaim(pool, options);
  } catch (error) {
    if (isDiskFull(error)) sizeBytes = await pool.run(releaseReserveTask, { directory });
    if (sizeBytes === 0) throw error;
  }
  try {
    // An open that succeeds restores the reserve if there is room.
    return await openAndClaim(pool, options);
  } catch (error) {
    await pool.run(keepReserveTask, { directory, sizeBytes });
    throw error;
  }
}

async function openAndClaim(
  pool: WorkerPool,
  options: StoreDirectoryOptions,
): Promise<OpenedStoreDirectory> {
  let claimed: string | undefined;
  try {
    for (let round = 0; round < MAX_OPEN_ROUNDS; round++) {
      const prepared = await pool.run(prepareOpenTask, {
        location: options.location,
        createIfMissing: options.createIfMissing,
        errorIfExists: options.errorIfExists,
      });
      const directory = prepared.realPath;
      if (claimed === undefined) claimStore(directory);
      claimed = directory;
      const isNew = prepared.generation === undefined;
      const number = prepared.generation ?? 1;
      const generationDirectory = `${directory}/${generationName(number)}`;
      const opening = isNew ? makeFirstGeneration : openGeneration;
      const opened = await opening(pool, generationDirectory, options, isNew).catch(
        async (error: unknown) => {
          // If another process has committed since CURRENT was read, the generation is gone or being removed.
          if (!isNew && !(await isStillCurrent(pool, options, number))) return undefined;
          throw await errorOfOpen(pool, generationDirectory, options, error);
        },
      );
      if (opened === undefined) continue;
      const { database } = opened;
      try {
        // Only now, with the lock held, is it certain that CURRENT names this generation, or that there is no store.
        if (!(await isStillCurrent(pool, options, prepared.generation))) {
          await database.close();
          continue;
        }
        if (isNew) {
          const input = { directory, generation: number, writtenBy: ENGINE_NAME };
          await pool.run(createStoreFilesTask, input);
        }
        await settleOpened(pool, loggedDirectory(generationDirectory), opened);
        await removeEndedReaders(pool, directory);
        const lastNumber = await pool.run(cleanStoreTask, { directory, generation: number });
        await pool.run(keepReserveTask, { directory, sizeBytes: options.reserveBytes });
        return { directory, number, database, lastNumber };
      } catch (error) {
        await database.close();
        throw error;
      }
    }
    throw keepsCommitting(options.location);
  } catch (error) {
    if (claimed !== undefined) releaseStore(claimed);
    throw asEngineError(error);
  }
}

/**
 * Returns the error of an open. An open keeps logs before LevelDB tries the lock, so on a full disk it finds no room
 * before it finds that another process has the store open. Only that process may remove the reserve.
 */
async function errorOfOpen(
  pool: WorkerPool,
  generationDirectory: string,
  { location }: StoreDirectoryOptions,
  error: unknown,
): Promise<unknown> {
  if (!isDiskFull(error)) return error;
  const locked = await lockedError(pool, generationDirectory, location, undefined);
  return locked.holder === undefined ? error : locked;
}
