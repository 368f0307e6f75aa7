// Opens a store's generations, and says what became of those that do not open.

import { EngineError, errorCodeOf } from '../errors.js';
import { parentDirectory } from '../files/place-file.js';
import {
  destroyLevelDatabase,
  type LevelDatabase,
  type LevelOptions,
  openLevelDatabase,
} from '../leveldb/level-database.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import type { LoggedDirectory } from './kept-logs.js';
import { lockedError } from './locked-error.js';
import { type OpenedWithLogs, openKeepingLogs } from './open-with-logs.js';
import { prepareOpenTask } from './store-files.js';

/** What is asked of a store's opening. */
export interface OpenOptions {
  readonly location: string;
  readonly level: LevelOptions;
}

/**
 * The generation that a new store begins with. LevelDB syncs little of a new database, so a making
 * that a power cut ended can leave one that does not open: it never held anything, and goes.
 */
export async function makeFirstGeneration(
  pool: WorkerPool,
  directory: string,
  options: OpenOptions,
): Promise<OpenedWithLogs> {
  try {
    return await openGeneration(pool, directory, options, true);
  } catch (error) {
    if (errorCodeOf(error) !== 'SSTITCH_LEVELDB') throw error;
    // Fails where another process holds the lock: then so does the open, and says so.
    await destroyLevelDatabase(directory).catch(() => undefined);
    return openGeneration(pool, directory, options, true);
  }
}

export async function openGeneration(
  pool: WorkerPool,
  directory: string,
  options: OpenOptions,
  createIfMissing: boolean,
): Promise<OpenedWithLogs> {
  const open = () => openLevelDirectory(pool, directory, options, createIfMissing);
  if (createIfMissing) return { database: await open(), own: undefined };
  return openKeepingLogs(pool, loggedDirectory(directory), open);
}

/** Where a generation's logs are kept while LevelDB opens it. */
export function loggedDirectory(directory: string): LoggedDirectory {
  const root = parentDirectory(directory);
  return { root, label: directory.slice(root.length + 1), directory };
}

/** Opens a LevelDB directory; its errors say what became of it. */
export async function openLevelDirectory(
  pool: WorkerPool,
  directory: string,
  options: OpenOptions,
  createIfMissing: boolean,
): Promise<LevelDatabase> {
  try {
    return await openLevelDatabase(directory, { ...options.level, createIfMissing });
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause;
    if (errorCodeOf(cause) === 'LEVEL_LOCKED') {
      throw await lockedError(pool, directory, options.location, cause);
    }
    throw new EngineError(
      'SSTITCH_LEVELDB',
      `LevelDB could not open the store: ${messageOf(cause)}`,
      {
        cause: error,
        path: directory,
      },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown cause';
}

/** Another process may have committed, closed and gone between our reading CURRENT and our lock. */
export async function isStillCurrent(
  pool: WorkerPool,
  options: Pick<OpenOptions, 'location'>,
  number: number | undefined,
): Promise<boolean> {
  const again = await pool.run(prepareOpenTask, {
    location: options.location,
    createIfMissing: number === undefined,
    errorIfExists: false,
  });
  return again.generation === number;
}
