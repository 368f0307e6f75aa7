// Opens a LevelDB directory so that no log of it is lost; kept-logs.ts says how.

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
import { syncGenerationTask } from './store-files.js';

/** Each round follows a flush of another process that has the directory open: it ends by LEVEL_LOCKED. */
const MAX_ROUNDS = 10;

/** A database whose logs are settled next, before anything is written to it. */
export interface OpenedWithLogs {
  readonly database: LevelDatabase;
  readonly own: SettleLogsInput['own'];
}

/**
 * Checks the directory, keeps its logs and opens it. `settleOpened` is to follow, when it is known that the directory
 * is the one to use.
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
    // LevelDB removes logs only when it has opened. What is left, the next open passes over.
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
    // LevelDB aborts the process over some of what this finds, and overlooks the rest.
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
 * Sees to it that the database holds what its logs held, and that no kept log is left.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT, SSTITCH_FILE_OPERATION, SSTITCH_LEVELDB: the kept logs stay, and the
 * next open does it again; the database is to be closed
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
      const piece: ReadOperations = await pool.run(readOperationsTask, input);
      if (piece.operations.length > 0) await writeAgain(database, piece.operations, place);
      from = piece.next;
    }
  }
  // The names that lead to the log that they are in now.
  await pool.run(syncGenerationTask, { directory: place.directory });
  await pool.run(dropKeptLogsTask, { root: place.root });
}

async function writeAgain(
  database: LevelDatabase,
  operations: Parameters<LevelDatabase['_batch']>[0],
  { directory, root }: LoggedDirectory,
): Promise<void> {
  try {
    await database._batch(operations, { sync: true });
  } catch (cause) {
    throw new EngineError(
      'SSTITCH_LEVELDB',
      'LevelDB did not replay a log, and refused to be given its writes again: they are kept in ' +
        `${root}/recovery, and the next open tries anew`,
      { cause, path: directory },
    );
  }
}
