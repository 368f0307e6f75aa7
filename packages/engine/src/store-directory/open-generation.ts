// Opens a store's generations, with errors that say why one does not open.

import { basename, dirname } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { parseLevelFileName } from '../leveldb/file-names.js';
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
import { prepareOpenTask } from './prepare-open.js';

/** How to open a store. */
export interface OpenOptions {
  readonly location: string;
  readonly level: LevelOptions;
}

/**
 * Makes the first generation of a new store. LevelDB fsyncs little of a new database, so an earlier attempt that a power
 * cut ended may have left a database that does not open. It never held data, and is destroyed.
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
    // An interrupted creation leaves no table and nothing in a log: this is a store that has lost its CURRENT.
    if (holdsData(pool.fileSystem, directory)) throw error;
    // Fails if another process holds the lock; the open below then reports it.
    await destroyLevelDatabase(directory).catch(() => undefined);
    return openGeneration(pool, directory, options, true);
  }
}

function holdsData(fileSystem: FileSystem, directory: string): boolean {
  return fileSystem.readdir(directory).some((name) => {
    const kind = parseLevelFileName(name)?.kind;
    if (kind !== 'log') return kind === 'table';
    return fileSystem.status(`${directory}/${name}`).sizeBytes > 0;
  });
}

/** Opens a generation, and keeps links to its logs until `settleOpened` (kept-logs.ts). */
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

/** Returns where a generation's logs are kept while LevelDB opens it. */
export function loggedDirectory(directory: string): LoggedDirectory {
  const root = dirname(directory);
  return { root, label: basename(directory), directory };
}

/** Opens a LevelDB directory. @throws EngineError LEVEL_LOCKED, SSTITCH_LEVELDB */
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

/**
 * Whether CURRENT still names a generation. Another process may have committed and closed the store after this process
 * read CURRENT and before it locked the generation.
 */
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
