// What a database has logged and not yet in any table: its tail. A commit replays a short tail into the
// next generation instead of flushing it, which would leave one more tiny table in every generation.
//
// The database is open and may flush meanwhile: then its logs are not those of the pinned version any
// more, and there is no tail to be had. A log is deleted only after the MANIFEST has moved past it.
import type { FileSystem, Span } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { logFileName, parseLevelFileName } from '../leveldb/file-names.js';
import { readLogRecords } from '../leveldb/log-format.js';
import { manifestState, readVersion, type Version } from '../leveldb/manifest.js';
import { decodeWriteBatch, type LoggedOperation } from '../leveldb/write-batch.js';
import { spansContain } from '../spans.js';

/** A longer tail is flushed: replaying it would cost more than the table. */
const MAX_REPLAYED_LOG_BYTES = 512 * 1024;

/** The numbers of the logs that a version's tables do not cover, oldest first. */
export function logsBehind(fileSystem: FileSystem, folder: string, version: Version): number[] {
  return fileSystem
    .readFolder(folder)
    .map(parseLevelFileName)
    .filter((name) => name?.kind === 'log')
    .map((name) => name?.number ?? 0)
    .filter((number) => number >= version.logNumber || number === version.previousLogNumber)
    .sort((a, b) => a - b);
}

/** Whether all logs in a folder, those that are about to go included, are short enough to be replayed. */
export function hasShortLogs(fileSystem: FileSystem, folder: string): boolean {
  let bytes = 0;
  for (const name of fileSystem.readFolder(folder)) {
    if (parseLevelFileName(name)?.kind !== 'log') continue;
    try {
      bytes += fileSystem.status(`${folder}/${name}`).sizeBytes;
    } catch (error) {
      // LevelDB is flushing: then there is something to wait for.
      if (errorCodeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }
  return bytes <= MAX_REPLAYED_LOG_BYTES;
}

/**
 * The operations in the logs behind a pinned version, in order, without those on keys in `spans`.
 * Undefined when the database flushed since it was pinned.
 *
 * @param stateBefore what `manifestState` gave before the version was read
 */
export function readTail(
  fileSystem: FileSystem,
  folder: string,
  version: Version,
  stateBefore: string | undefined,
  spans: readonly Span[],
): LoggedOperation[] | undefined {
  const operations: LoggedOperation[] = [];
  try {
    for (const number of logsBehind(fileSystem, folder, version)) {
      const path = `${folder}/${logFileName(number)}`;
      for (const { data, offset } of readLogRecords(fileSystem.readFile(path), path)) {
        for (const operation of decodeWriteBatch(data, path, offset)) {
          if (!spansContain(spans, operation.key)) operations.push(operation);
        }
      }
    }
    // An unchanged MANIFEST, which may tell of 10,000 tables, need not be read again.
    const state = manifestState(fileSystem, folder);
    if (state !== undefined && state === stateBefore) return operations;
    const now = readVersion(fileSystem, folder);
    return now.logNumber === version.logNumber ? operations : undefined;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
