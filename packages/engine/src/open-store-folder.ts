// Opens a store's folder, or makes it; finishes or undoes what a crash left.
import { ENGINE_NAME } from './engine-name.js';
import { EngineError } from './errors.js';
import type { LevelDatabase } from './level-database.js';
import {
  isStillCurrent,
  loggedFolder,
  makeFirstGeneration,
  type OpenOptions,
  openGeneration,
} from './open-generation.js';
import { claimStore, releaseStore } from './open-stores.js';
import { settleOpened } from './recovery/open-with-logs.js';
import { generationName } from './store-files.js';
import { asEngineError } from './workers/task-errors.js';
import type { TaskRunner } from './workers/task-runner.js';

/** Another process commits meanwhile: each round follows a new generation of its. */
const MAX_OPEN_ROUNDS = 10;

export interface StoreFolderOptions extends OpenOptions {
  readonly createIfMissing: boolean;
  readonly errorIfExists: boolean;
  readonly reserveBytes: number;
}

/** A store's folder, claimed for this process, and its current generation, which is open. */
export interface OpenedStoreFolder {
  /** Its real path. */
  readonly folder: string;
  /** Of the current generation. */
  readonly number: number;
  readonly database: LevelDatabase;
  /** The greatest number of a generation so far. */
  readonly lastNumber: number;
}

/** @throws EngineError; the folder is not claimed then */
export async function openStoreFolder(
  runner: TaskRunner,
  options: StoreFolderOptions,
): Promise<OpenedStoreFolder> {
  let claimed: string | undefined;
  try {
    for (let round = 0; round < MAX_OPEN_ROUNDS; round++) {
      const prepared = await runner.run('prepareOpen', {
        location: options.location,
        createIfMissing: options.createIfMissing,
        errorIfExists: options.errorIfExists,
      });
      const folder = prepared.realPath;
      if (claimed === undefined) claimStore(folder);
      claimed = folder;
      const isNew = prepared.generation === undefined;
      const number = prepared.generation ?? 1;
      const generationFolder = `${folder}/${generationName(number)}`;
      const opening = isNew ? makeFirstGeneration : openGeneration;
      const opened = await opening(runner, generationFolder, options, isNew).catch(
        async (error: unknown) => {
          // Gone or being removed: another process has committed since CURRENT was read.
          if (!isNew && !(await isStillCurrent(runner, options, number))) return undefined;
          throw error;
        },
      );
      if (opened === undefined) continue;
      const { database } = opened;
      try {
        // Whether the store is still to be made, or still at that generation, is known for sure
        // only now that its lock is held.
        if (!(await isStillCurrent(runner, options, prepared.generation))) {
          await database.close();
          continue;
        }
        if (isNew) {
          const input = { folder, generation: number, writtenBy: ENGINE_NAME };
          await runner.run('createStoreFiles', input);
        }
        await settleOpened(runner, loggedFolder(generationFolder), opened);
        const staleReaders = await runner.run('listStaleReaders', { folder });
        const lastNumber = await runner.run('cleanStore', {
          folder,
          generation: number,
          staleReaders,
        });
        await runner.run('keepReserve', { folder, sizeBytes: options.reserveBytes });
        return { folder, number, database, lastNumber };
      } catch (error) {
        await database.close();
        throw error;
      }
    }
    throw new EngineError('LEVEL_LOCKED', 'another process keeps committing to the store', {
      path: options.location,
    });
  } catch (error) {
    if (claimed !== undefined) releaseStore(claimed);
    throw asEngineError(error);
  }
}
