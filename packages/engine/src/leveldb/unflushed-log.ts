// What a database has logged and not yet in any table: its tail. A commit replays a short tail into the
// next generation instead of flushing it, which would leave one more tiny table in every generation.
//
// The database is open and may flush meanwhile: then its logs are not those of the linked version any
// more, and there is no tail to be had. A log is deleted only after the MANIFEST has moved past it.
import { type Span, spansContain } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { logFileName, parseLevelFileName } from './file-names.js';
import { readLogRecords } from './log-format.js';
import { manifestState, readVersion, type Version } from './manifest.js';
import { decodeWriteBatch, type LoggedOperation } from './write-batch.js';

/** A longer tail is flushed: replaying it would cost more than the table. */
const MAX_REPLAYED_LOG_BYTES = 512 * 1024;

/** The numbers of the logs that a version's tables do not cover, oldest first. */
export function logsBehind(fileSystem: FileSystem, directory: string, version: Version): number[] {
  return notCovered(listLogs(fileSystem, directory), version);
}

function listLogs(fileSystem: FileSystem, directory: string): number[] {
  return fileSystem
    .readdir(directory)
    .map(parseLevelFileName)
    .filter((name) => name?.kind === 'log')
    .map((name) => name?.number ?? 0);
}

function notCovered(logs: readonly number[], version: Version): number[] {
  return logs
    .filter((number) => number >= version.logNumber || number === version.previousLogNumber)
    .sort((a, b) => a - b);
}

/**
 * The numbers of all logs in a directory, those that are about to go included; undefined where they are too long to
 * be replayed.
 */
export function listShortLogs(fileSystem: FileSystem, directory: string): number[] | undefined {
  const logs = listLogs(fileSystem, directory);
  let bytes = 0;
  for (const number of logs) {
    try {
      bytes += fileSystem.status(`${directory}/${logFileName(number)}`).sizeBytes;
    } catch (error) {
      // LevelDB is flushing: then there is something to wait for.
      if (errorCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
  return bytes <= MAX_REPLAYED_LOG_BYTES ? logs : undefined;
}

export interface UnflushedLogInput {
  readonly directory: string;
  /** What `listShortLogs` gave once the gate was there: later logs hold only what the gate keeps. */
  readonly logs: readonly number[];
  readonly version: Version;
  /** What `manifestState` gave before the version was read. */
  readonly stateBefore: string | undefined;
}

/**
 * The operations in the logs behind a linked version, in order, without those on keys in `spans`.
 * Undefined when the database flushed since it was linked, or when a log ends in the middle of a record: a write
 * is under way, or one has failed. A flush does without the log then.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT for a log that is damaged before its end
 */
export function readUnflushedLog(
  fileSystem: FileSystem,
  { directory, logs, version, stateBefore }: UnflushedLogInput,
  spans: readonly Span[],
): LoggedOperation[] | undefined {
  const operations: LoggedOperation[] = [];
  try {
    for (const number of notCovered(logs, version)) {
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
    // An unchanged MANIFEST, which may tell of 10,000 tables, need not be read again.
    const state = manifestState(fileSystem, directory);
    if (state !== undefined && state === stateBefore) return operations;
    const now = readVersion(fileSystem, directory);
    return now.logNumber === version.logNumber ? operations : undefined;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
