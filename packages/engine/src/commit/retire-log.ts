// Retires a log after LevelDB failed to write to it. A flush begins a new log and writes the memtable, which holds
// the acknowledged writes, to a table. Neither holds the failed write.
//
// After a failed flush LevelDB refuses all writes until it is reopened. So a file of the size that the flush needs is
// written first: while that fails, the flush is not tried, and a later attempt can still succeed.

import { dirname } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { isDiskFull } from '../files/disk-full.js';
import { unlinkIfThere } from '../files/place-file.js';
import { flushMemtable, readFlushStateTask } from '../leveldb/flush.js';
import type { LevelDatabase } from '../leveldb/level-database.js';
import { mkdir, STAGING_DIRECTORY } from '../store-directory/store-files.js';
import { defineTask } from '../threads/task.js';
import type { WorkerPool } from '../threads/worker-pool.js';

/** Without concurrent writes the first attempt takes effect (leveldb/flush.ts); the others are a margin. */
const MAX_ATTEMPTS = 3;
/** Room beyond the log's bytes, for the table's index, filter and padding and the MANIFEST's record. */
const ROOM_FACTOR = 1.25;
const ROOM_BYTES = 256 * 1024;
/** The assumed size of a memtable whose log is gone. */
const UNKNOWN_UNFLUSHED_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const PROBE_FILE = 'room-probe';

/** The generation whose log is retired. */
export interface RetiredGeneration {
  readonly directory: string;
  readonly database: LevelDatabase;
}

/**
 * Retires the current log; see the top of this file. No write may be in progress.
 *
 * @throws EngineError SSTITCH_FILE_OPERATION if the disk is full or no file can be opened: nothing has changed, and
 * the call can be repeated; SSTITCH_STORE_POISONED if LevelDB did not begin a new log
 */
export async function retireLog(
  pool: WorkerPool,
  { directory, database }: RetiredGeneration,
): Promise<void> {
  let newestLog: number;
  try {
    const { unflushedBytes, ...state } = await pool.run(readFlushStateTask, { directory });
    newestLog = state.newestLog;
    const neededBytes = Number.isFinite(unflushedBytes) ? unflushedBytes : UNKNOWN_UNFLUSHED_BYTES;
    const sizeBytes = Math.ceil(neededBytes * ROOM_FACTOR) + ROOM_BYTES;
    await pool.run(probeRoomTask, { storeDirectory: dirname(directory), sizeBytes });
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      await flushMemtable(database);
      const { logNumber } = await pool.run(readFlushStateTask, { directory });
      // The current version no longer needs the log.
      if (logNumber > newestLog) return;
    }
  } catch (cause) {
    throw new EngineError(
      'SSTITCH_FILE_OPERATION',
      `an earlier write failed, and a new log cannot be started: ${reasonOf(cause)}. ` +
        'No acknowledged write is lost; remove the cause and write again',
      { reason: isDiskFull(cause) ? 'disk-full' : undefined, cause, path: directory },
    );
  }
  throw new EngineError(
    'SSTITCH_STORE_POISONED',
    'an earlier write failed, and LevelDB did not start a new log: close and reopen the store, which replays all ' +
      'acknowledged writes; until then writes are refused',
    { path: directory },
  );
}

function reasonOf(error: unknown): string {
  switch (errorCodeOf(error)) {
    case 'ENOSPC':
      return 'the disk is full';
    case 'EDQUOT':
      return 'the disk quota is used up';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

export interface ProbeRoomInput {
  readonly storeDirectory: string;
  readonly sizeBytes: number;
}

/** Writes a file of the given size next to the generations, fsyncs it and removes it. Throws the file system's error. */
function probeRoom(
  fileSystem: FileSystem,
  { storeDirectory, sizeBytes }: ProbeRoomInput,
  checkCancelled: () => void,
): void {
  const directory = `${storeDirectory}/${STAGING_DIRECTORY}`;
  mkdir(fileSystem, { directory });
  const path = `${directory}/${PROBE_FILE}`;
  unlinkIfThere(fileSystem, path);
  try {
    const file = fileSystem.open(path, 'create');
    try {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes));
      for (let left = sizeBytes; left > 0; left -= chunk.byteLength) {
        checkCancelled();
        file.write(chunk.subarray(0, Math.min(left, chunk.byteLength)));
      }
      file.sync();
    } finally {
      file.close();
    }
  } catch (error) {
    // A new Error, not a sync failure: a failed fsync of this file must not poison the store.
    throw Object.assign(new Error(error instanceof Error ? error.message : String(error)), {
      code: errorCodeOf(error),
      path,
    });
  } finally {
    unlinkIfThere(fileSystem, path);
  }
}

export const probeRoomTask = defineTask('probeRoom', probeRoom);
