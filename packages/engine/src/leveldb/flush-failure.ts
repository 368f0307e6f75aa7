// Finds out why LevelDB did not flush, as it swallows the errors of a flush (docs/leveldb-rules.md, rule 16).

import type { FileHandle, FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { isDiskFull } from '../files/disk-full.js';
import { unlinkIfThere } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { parseLevelFileName } from './file-names.js';
import { checkFlushed } from './flush.js';
import { readVersion, type Version } from './manifest.js';

/** About the most that the flush of a memtable writes. A larger probe would only take longer. */
const MAX_PROBE_BYTES = 8 * 1024 * 1024;
const MIN_PROBE_BYTES = 64 * 1024;
/** How much of the end of the info log is searched for an error. */
const INFO_LOG_END_BYTES = 64 * 1024;

/**
 * Does what `checkFlushed` does, with an error that names the cause.
 *
 * @param scratchDirectory a directory on the same disk, in which a probe file is written
 * @throws EngineError SSTITCH_LEVELDB
 */
export function checkFlushedOrReport(
  fileSystem: FileSystem,
  version: Version,
  leastLogNumber: number,
  directory: string,
  scratchDirectory: string,
): void {
  try {
    checkFlushed(version, leastLogNumber, directory);
  } catch (error) {
    const full = fullDiskError(fileSystem, directory, `${scratchDirectory}/probe`);
    const reason =
      full === undefined ? lastError(fileSystem, `${directory}/LOG`) : 'the disk is full';
    if (reason === undefined) throw error;
    const problem = `LevelDB did not flush its memtable: ${reason}`;
    throw new EngineError('SSTITCH_LEVELDB', problem, { cause: full ?? error, path: directory });
  }
}

export interface CheckFlushDoneInput {
  readonly directory: string;
  /** What `flushGeneration` returned. */
  readonly leastLogNumber: number;
  /** A directory on the same disk, in which a probe file is written. */
  readonly scratchDirectory: string;
}

/** Runs `checkFlushedOrReport` on the current version of a directory. */
function checkFlushDone(
  fileSystem: FileSystem,
  { directory, leastLogNumber, scratchDirectory }: CheckFlushDoneInput,
): void {
  const version = readVersion(fileSystem, directory);
  checkFlushedOrReport(fileSystem, version, leastLogNumber, directory, scratchDirectory);
}

export const checkFlushDoneTask = defineTask('checkFlushDone', checkFlushDone);

/** Writes a file as large as the logs. Returns the error if the disk is full. */
function fullDiskError(fileSystem: FileSystem, directory: string, path: string): unknown {
  let file: FileHandle | undefined;
  try {
    const bytes = fileSystem
      .readdir(directory)
      .filter((name) => parseLevelFileName(name)?.kind === 'log')
      .reduce((sum, name) => sum + fileSystem.status(`${directory}/${name}`).sizeBytes, 0);
    file = fileSystem.open(path, 'create');
    const size = Math.min(Math.max(bytes, MIN_PROBE_BYTES), MAX_PROBE_BYTES);
    file.write(new Uint8Array(size));
    return undefined;
  } catch (error) {
    return isDiskFull(error) ? error : undefined;
  } finally {
    file?.close();
    unlinkIfThere(fileSystem, path);
  }
}

/** Returns the last error in LevelDB's info log. */
function lastError(fileSystem: FileSystem, path: string): string | undefined {
  let file: FileHandle | undefined;
  try {
    file = fileSystem.open(path, 'read');
    const end = new Uint8Array(INFO_LOG_END_BYTES);
    const length = file.read(end, Math.max(0, file.sizeBytes() - INFO_LOG_END_BYTES));
    const lines = Buffer.from(end.subarray(0, length)).toString('latin1').split('\n');
    return lines
      .findLast((line) => /(IO error|Corruption): /.test(line))
      ?.replace(/^.*?(?=IO error|Corruption)/, '');
  } catch {
    return undefined;
  } finally {
    file?.close();
  }
}
