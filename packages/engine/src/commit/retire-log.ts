// Takes a log out of use that LevelDB failed to write to: a flush begins a new one and puts what is in the
// memtable, which is what was acknowledged, into a table. The failed write is in neither.
//
// A flush that fails is an error LevelDB does not recover from: from then on it refuses all writes until it is
// opened anew. So a file of the size that the flush needs is written first: while that fails, nothing is lost by
// waiting.

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { parentDirectory, unlinkIfThere } from '../files/place-file.js';
import { flushMemtable, readFlushStateTask } from '../leveldb/flush.js';
import type { LevelDatabase } from '../leveldb/level-database.js';
import { mkdir, STAGING_DIRECTORY } from '../store-directory/store-files.js';
import { defineTask } from '../threads/task.js';
import type { WorkerPool } from '../threads/worker-pool.js';

/** A flush is taken along by a write at most (flush.ts), and none is under way. */
const MAX_ATTEMPTS = 3;
/** Index, filter and padding of a table; the MANIFEST's record. */
const ROOM_FACTOR = 1.25;
const ROOM_BYTES = 256 * 1024;
/** Of a memtable whose log is gone already. */
const UNKNOWN_UNFLUSHED_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const PROBE_FILE = 'room-probe';

export interface RetiredGeneration {
  readonly directory: string;
  readonly database: LevelDatabase;
}

/**
 * Retires the log being written; see the head of this file. No write is under way.
 *
 * @throws EngineError SSTITCH_FILE_OPERATION where there is no room, or no file to be had: as it was, and may be
 * tried again; SSTITCH_STORE_POISONED where LevelDB did not do it
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
    await pool.run(probeRoomTask, { storeDirectory: parentDirectory(directory), sizeBytes });
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      await flushMemtable(database);
      const { logNumber } = await pool.run(readFlushStateTask, { directory });
      // The version in force does without the log.
      if (logNumber > newestLog) return;
    }
  } catch (cause) {
    throw new EngineError(
      'SSTITCH_FILE_OPERATION',
      'an earlier write failed, and a new log cannot be begun yet: ' +
        `${reasonOf(cause)}. Nothing acknowledged is lost; remove the cause and write again`,
      { cause, path: directory },
    );
  }
  throw new EngineError(
    'SSTITCH_STORE_POISONED',
    'an earlier write failed, and LevelDB did not begin a new log: writes are refused until the store is closed ' +
      'and opened anew, which replays all that was acknowledged',
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
      return 'there are too many open files';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

export interface ProbeRoomInput {
  readonly storeDirectory: string;
  readonly sizeBytes: number;
}

/** Writes and syncs a file of that size beside the generations, and removes it; throws what the disk says. */
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
    // A sync that fails here says nothing about the store's own files, which would be poisoned by it.
    throw Object.assign(new Error(error instanceof Error ? error.message : String(error)), {
      code: errorCodeOf(error),
      path,
    });
  } finally {
    unlinkIfThere(fileSystem, path);
  }
}

export const probeRoomTask = defineTask('probeRoom', probeRoom);
