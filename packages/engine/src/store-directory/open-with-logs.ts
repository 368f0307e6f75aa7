// Opens a LevelDB directory so that no log is lost. kept-logs.ts describes the method.

import { EngineError } from '../errors.js';
import { checkGenerationTask } from '../leveldb/inspect-generation.js';
import type { LevelDatabase } from '../leveldb/level-database.js';
import {
  type LogPosition,
  type ReadOperations,
  type ReadOperationsInput,
  readOperationsTask,
} from '../leveldb/read-operations.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import {
  dropKeptLogsTask,
  forgetLogsTask,
  type KeepLogsInput,
  keepLogsTask,
  type LoggedDirectory,
  type SettleLogsInput,
  settleLogsTask,
} from './kept-logs.js';
import { fsyncGenerationTask } from './store-files.js';

/** The limit of attempts. An attempt fails if another process, which has the directory open, flushes meanwhile. */
const MAX_ROUNDS = 10;

/** An open database whose kept logs must be settled before anything is written to it. */
export interface OpenedWithLogs {
  readonly database: LevelDatabase;
  readonly own: SettleLogsInput['own'];
}

/**
 * Checks the directory, keeps its logs and opens it. The caller calls `settleOpened` once it is certain that this is
 * the directory to use.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT, SSTITCH_STORE_FORMAT; and what `open` throws
 */
export async function openKeepingLogs(
  pool: WorkerPool,
  place: LoggedDirectory,
  open: () => Promise<LevelDatabase>,
): Promise<OpenedWithLogs> {
  const own = await keepOwnLogs(pool, place);
  try {
    return { database: await open(), own };
  } catch (error) {
    // LevelDB removes no log before it has opened. The next open ignores a set that is left.
    if (own !== undefined) {
      const { root } = place;
      await pool.run(forgetLogsTask, { root, name: own.name }).catch(() => undefined);
    }
    throw error;
  }
}

async function keepOwnLogs(
  pool: WorkerPool,
  place: LoggedDirectory,
): Promise<SettleLogsInput['own']> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // This check comes before LevelDB's open, which aborts the process on some kinds of damage and ignores others.
    const { lastSequence, logs } = await pool.run(checkGenerationTask, {
      directory: place.directory,
    });
    if (logs.length === 0) return undefined;
    const input: KeepLogsInput = { ...place, lastSequence, logs };
    const name = await pool.run(keepLogsTask, input);
    if (name !== undefined) return { name, logs };
  }
  throw new EngineError('LEVEL_LOCKED', 'another process uses the store: its logs come and go', {
    path: place.root,
  });
}

/**
 * Replays the kept logs that LevelDB did not replay, and removes all kept logs.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT, SSTITCH_FILE_OPERATION, SSTITCH_LEVELDB. The kept logs remain and the
 * next open retries; the caller closes the database
 */
export async function settleOpened(
  pool: WorkerPool,
  place: LoggedDirectory,
  { database, own }: OpenedWithLogs,
): Promise<void> {
  const unreplayed = await pool.run(settleLogsTask, { ...place, own });
  if (unreplayed === undefined) return;
  for (const { path, soundBytes } of unreplayed.logs) {
    let from: LogPosition | undefined = { offset: 0, skip: 0 };
    while (from !== undefined) {
      const input: ReadOperationsInput = { path, soundBytes, from };
      const read: ReadOperations = await pool.run(readOperationsTask, input);
      if (read.operations.length > 0) await replay(database, read.operations, place);
      from = read.next;
    }
  }
  // The writes are in a new log now: fsync its name before the kept logs go.
  await pool.run(fsyncGenerationTask, { directory: place.directory });
  await pool.run(dropKeptLogsTask, { root: place.root });
}

async function replay(
  database: LevelDatabase,
  operations: Parameters<LevelDatabase['_batch']>[0],
  { directory, root }: LoggedDirectory,
): Promise<void> {
  try {
    await database._batch(operations, { sync: true });
  } catch (cause) {
    throw new EngineError(
      'SSTITCH_LEVELDB',
      `LevelDB did not replay a log, and its writes could not be written again: ${root}/recovery keeps them, ` +
        'and the next open retries',
      { cause, path: directory },
    );
  }
}
