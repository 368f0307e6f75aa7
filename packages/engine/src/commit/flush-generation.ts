// Flushes a database's memtable into a table. LevelDB offers no flush; compactRange does one first,
// whatever its range, and an inverted range then meets no table (leveldb.md, rule 16). Its errors
// are swallowed, so the caller passes `newestLog` on and checks that the MANIFEST has moved past it.
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import type { LevelDatabase } from '../level-database.js';
import { logFileName, parseLevelFileName } from '../leveldb/file-names.js';
import { readVersion, type Version } from '../leveldb/manifest.js';
import type { TaskRunner } from '../workers/task-runner.js';

/** Above every key that a table is likely to hold; a table that reached it would only be compacted. */
const RANGE_START = new Uint8Array(64).fill(0xff);
const RANGE_END = new Uint8Array(0);

export interface FlushState {
  /** The number of the log being written. */
  readonly newestLog: number;
  /** Nothing was written since the last flush. */
  readonly empty: boolean;
}

/** Whether a database has anything to flush: an empty log, alone, means no. */
export function readFlushState(
  fileSystem: FileSystem,
  { folder }: { readonly folder: string },
): FlushState {
  let newestLog = 0;
  for (const name of fileSystem.readFolder(folder)) {
    const parsed = parseLevelFileName(name);
    if (parsed?.kind === 'log') newestLog = Math.max(newestLog, parsed.number);
  }
  const empty =
    newestLog > 0 &&
    sizeOf(fileSystem, `${folder}/${logFileName(newestLog)}`) === 0 &&
    readVersion(fileSystem, folder).logNumber >= newestLog;
  return { newestLog, empty };
}

/** Undefined for a log that LevelDB has replaced since the folder was read. */
function sizeOf(fileSystem: FileSystem, path: string): number | undefined {
  try {
    return fileSystem.status(path).sizeBytes;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Flushes what was acknowledged before the call. Gives the least log number that a version read
 * afterwards must have; `checkFlushed` checks it.
 */
export async function flushGeneration(
  runner: TaskRunner,
  folder: string,
  database: LevelDatabase,
): Promise<number> {
  const { newestLog, empty } = await runner.run('readFlushState', { folder });
  if (empty) return newestLog;
  await database.compactRange(RANGE_START, RANGE_END, { keyEncoding: 'view' });
  return newestLog + 1;
}

/** @throws EngineError SSTITCH_LEVELDB when a flush failed silently */
export function checkFlushed(version: Version, leastLogNumber: number, folder: string): void {
  if (version.logNumber < leastLogNumber) {
    throw new EngineError('SSTITCH_LEVELDB', 'LevelDB did not flush its memtable', {
      path: folder,
    });
  }
}
