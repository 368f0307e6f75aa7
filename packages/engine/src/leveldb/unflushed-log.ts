// Reads the operations that are in a database's log but in none of its tables. A commit replays a short log into the
// next generation rather than flush it, as each flush would add a tiny table to every generation.
//
// The database is open and may flush meanwhile. Then the logs do not belong to the linked version any more, and nothing
// is returned. LevelDB deletes a log only after the MANIFEST no longer needs it.
import { type Span, spansContain } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { logFileName, parseLevelFileName } from './file-names.js';
import { readLogRecords } from './log-format.js';
import { manifestState, readVersion, type Version } from './manifest.js';
import { decodeWriteBatch, type LoggedOperation } from './write-batch.js';

/** Logs that are longer together are flushed, as replaying them would cost more than a table. */
const MAX_REPLAYED_LOG_BYTES = 512 * 1024;

/** Returns the numbers of the logs whose writes are not in a version's tables, oldest first. */
export function unflushedLogs(
  fileSystem: FileSystem,
  directory: string,
  version: Version,
): number[] {
  return unflushedOf(listLogs(fileSystem, directory), version);
}

function listLogs(fileSystem: FileSystem, directory: string): number[] {
  return fileSystem
    .readdir(directory)
    .map(parseLevelFileName)
    .filter((name) => name?.kind === 'log')
    .map((name) => name?.number ?? 0);
}

function unflushedOf(logs: readonly number[], version: Version): number[] {
  return logs
    .filter((number) => number >= version.logNumber || number === version.previousLogNumber)
    .sort((a, b) => a - b);
}

/**
 * Returns the numbers of all logs in a directory, even those that LevelDB is about to delete, or undefined if they are
 * too long to be replayed.
 */
export function listShortLogs(fileSystem: FileSystem, directory: string): number[] | undefined {
  const logs = listLogs(fileSystem, directory);
  let bytes = 0;
  for (const number of logs) {
    try {
      bytes += fileSystem.status(`${directory}/${logFileName(number)}`).sizeBytes;
    } catch (error) {
      // LevelDB is flushing, so a flush has something to wait for.
      if (errorCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
  return bytes <= MAX_REPLAYED_LOG_BYTES ? logs : undefined;
}

export interface UnflushedLogInput {
  readonly directory: string;
  /** What `listShortLogs` returned after the gate began to capture writes. Later logs hold only captured writes. */
  readonly logs: readonly number[];
  readonly version: Version;
  /** What `manifestState` returned before the version was read. */
  readonly stateBefore: string | undefined;
}

/**
 * Reads the operations in the unflushed logs of a linked version, in order, except for those on keys in `spans`.
 *
 * @returns undefined if the database has flushed since the version was read, or if a log ends in an incomplete record,
 * because a write is in progress or has failed. The caller flushes then
 * @throws EngineError SSTITCH_STORE_CORRUPT if a log is damaged before its end
 */
export function readUnflushedLog(
  fileSystem: FileSystem,
  { directory, logs, version, stateBefore }: UnflushedLogInput,
  spans: readonly Span[],
): LoggedOperation[] | undefined {
  const operations: LoggedOperation[] = [];
  try {
    for (const number of unflushedOf(logs, version)) {
      const path = `${directory}/${logFileName(number)}`;
      const records = readLogRecords(fileSystem.readFile(path), path);
      for (;;) {
        const next = records.next();
        if (next.done && next.value !== undefined) return undefined;
        if (next.done) break;
        for (const operation of decodeWriteBatch(next.value.data, path, next.value.offset)) {
          if (!spansContain(spans, operation.key)) operations.push(operation);
        }
      }
    }
    // An unchanged MANIFEST, which may list 10,000 tables, need not be read again.
    const state = manifestState(fileSystem, directory);
    if (state !== undefined && state === stateBefore) return operations;
    const now = readVersion(fileSystem, directory);
    return now.logNumber === version.logNumber ? operations : undefined;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
