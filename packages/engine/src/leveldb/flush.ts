// Flushes a database's memtable to a table. LevelDB has no method for this, but compactRange flushes first, whatever
// its range, and an inverted range then overlaps no table (docs/leveldb-rules.md, rule 16). LevelDB swallows the errors
// of the flush, so callers check that the MANIFEST no longer needs the log (`checkFlushed`).
//
// With concurrent writers a flush may do nothing. It waits in LevelDB's queue as a write without a batch, and another
// writer that groups the queue marks it as done (`BuildBatchGroup` in db_impl.cc). A flush that takes effect starts a
// new log, so the flush is repeated until there is one.

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { defineTask } from '../threads/task.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { logFileName } from './file-names.js';
import type { LevelDatabase } from './level-database.js';
import { readVersion, type Version } from './manifest.js';
import { unflushedLogs } from './unflushed-log.js';

/** Above almost every key. A table that reached it would merely be compacted. */
const RANGE_START = new Uint8Array(64).fill(0xff);
const RANGE_END = new Uint8Array(0);

/** The limit of attempts. With six continuous writers, about one flush in a hundred does nothing. */
const MAX_ATTEMPTS = 100;

/** The state of a database's logs. */
export interface FlushState {
  /** Logs with this number or a higher one are replayed on open. */
  readonly logNumber: number;
  /** The number of the current log. */
  readonly newestLog: number;
  /** The size of the logs whose writes are in no table, in bytes. 0 if nothing was written since the last flush. */
  readonly unflushedBytes: number;
}

/** Reads the state of a database's logs. */
export function readFlushState(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): FlushState {
  const version = readVersion(fileSystem, directory);
  const logs = unflushedLogs(fileSystem, directory, version);
  let unflushedBytes = 0;
  for (const number of logs) {
    // Infinite if a log is gone: LevelDB is flushing, so there is something to wait for.
    unflushedBytes +=
      sizeOf(fileSystem, `${directory}/${logFileName(number)}`) ?? Number.POSITIVE_INFINITY;
  }
  return { logNumber: version.logNumber, newestLog: logs.at(-1) ?? 0, unflushedBytes };
}

export const readFlushStateTask = defineTask('readFlushState', readFlushState);

/** Returns undefined for a log that LevelDB has removed since the directory was read. */
function sizeOf(fileSystem: FileSystem, path: string): number | undefined {
  try {
    return fileSystem.status(path).sizeBytes;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes one attempt to flush; see the top of this file. */
export function flushMemtable(database: LevelDatabase): Promise<void> {
  return database.compactRange(RANGE_START, RANGE_END, { keyEncoding: 'view' });
}

/**
 * Flushes the writes that were acknowledged before the call.
 *
 * @returns the least log number that a version read afterwards must have, for `checkFlushed`
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
  // No write is unflushed: any version will do.
  if (unflushedBytes === 0) return 0;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    await flushMemtable(database);
    const after = await pool.run(readFlushStateTask, { directory }, { signal });
    if (after.newestLog !== newestLog) break;
  }
  return newestLog + 1;
}

/** Checks that a flush took effect. @throws EngineError SSTITCH_LEVELDB */
export function checkFlushed(version: Version, leastLogNumber: number, directory: string): void {
  if (version.logNumber < leastLogNumber) {
    throw new EngineError('SSTITCH_LEVELDB', 'LevelDB did not flush its memtable', {
      path: directory,
    });
  }
}
