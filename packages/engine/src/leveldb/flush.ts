// Flushes a database's memtable into a table. LevelDB offers no flush; compactRange does one first,
// whatever its range, and an inverted range then meets no table (docs/leveldb-rules.md, rule 16). Its errors
// are swallowed, so the caller passes `newestLog` on and checks that the MANIFEST has moved past it.
//
// Beside writers it may do nothing at all: it waits in LevelDB's queue as a write without a batch, and a
// group that another writer builds takes such a one along as done (`BuildBatchGroup` in db_impl.cc). A
// flush that began starts a new log, so where the newest one is still the newest it is asked for again.

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { defineTask } from '../threads/task.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { logFileName } from './file-names.js';
import type { LevelDatabase } from './level-database.js';
import { readVersion, type Version } from './manifest.js';
import { logsBehind } from './unflushed-log.js';

/** Above every key that a table is likely to hold; a table that reached it would only be compacted. */
const RANGE_START = new Uint8Array(64).fill(0xff);
const RANGE_END = new Uint8Array(0);

/** Of six writers that never stop, one flush in some hundred was taken along. */
const MAX_ATTEMPTS = 100;

export interface FlushState {
  /** Logs with this number or a higher one are replayed on open. */
  readonly logNumber: number;
  /** The number of the log being written. */
  readonly newestLog: number;
  /** Size of the logs whose writes are in no table yet; 0 if nothing was written since the last flush. */
  readonly unflushedBytes: number;
}

/** What a database has logged and not yet in a table: an empty log, alone, means nothing. */
export function readFlushState(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): FlushState {
  const version = readVersion(fileSystem, directory);
  const logs = logsBehind(fileSystem, directory, version);
  let unflushedBytes = 0;
  for (const number of logs) {
    // Infinite for a log that is gone: LevelDB is flushing, so there is something to wait for.
    unflushedBytes +=
      sizeOf(fileSystem, `${directory}/${logFileName(number)}`) ?? Number.POSITIVE_INFINITY;
  }
  return { logNumber: version.logNumber, newestLog: logs.at(-1) ?? 0, unflushedBytes };
}

export const readFlushStateTask = defineTask('readFlushState', readFlushState);

/** Undefined for a log that LevelDB has replaced since the directory was read. */
function sizeOf(fileSystem: FileSystem, path: string): number | undefined {
  try {
    return fileSystem.status(path).sizeBytes;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Asks LevelDB to flush, which it may not do; see the head of this file. */
export function flushMemtable(database: LevelDatabase): Promise<void> {
  return database.compactRange(RANGE_START, RANGE_END, { keyEncoding: 'view' });
}

/**
 * Flushes what was acknowledged before the call. Gives the least log number that a version read
 * afterwards must have; `checkFlushed` checks it.
 */
export async function flushGeneration(
  pool: WorkerPool,
  directory: string,
  database: LevelDatabase,
  signal?: AbortSignal,
): Promise<number> {
  const { newestLog, unflushedBytes } = await pool.run(
    readFlushStateTask,
    { directory },
    { signal },
  );
  // All that the version lacks is in logs without a byte: any version from here on will do.
  if (unflushedBytes === 0) return 0;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    await flushMemtable(database);
    const after = await pool.run(readFlushStateTask, { directory }, { signal });
    if (after.newestLog !== newestLog) break;
  }
  return newestLog + 1;
}

/** @throws EngineError SSTITCH_LEVELDB when a flush failed silently */
export function checkFlushed(version: Version, leastLogNumber: number, directory: string): void {
  if (version.logNumber < leastLogNumber) {
    throw new EngineError('SSTITCH_LEVELDB', 'LevelDB did not flush its memtable', {
      path: directory,
    });
  }
}
