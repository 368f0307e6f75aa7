// Says why LevelDB did not flush: it swallows the errors of a flush that is asked for (docs/leveldb-rules.md, rule 16).

import type { FileHandle, FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { isDiskFull } from '../files/disk-full.js';
import { unlinkIfThere } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { parseLevelFileName } from './file-names.js';
import { checkFlushed } from './flush.js';
import { readVersion, type Version } from './manifest.js';

/** What a memtable may need at most, roughly; to try more would only take longer. */
const MAX_PROBE_BYTES = 8 * 1024 * 1024;
const MIN_PROBE_BYTES = 64 * 1024;
const LOG_TAIL_BYTES = 64 * 1024;

/**
 * `checkFlushed`, with the cause.
 *
 * @param scratchDirectory a directory on the same disk to try a file in; its owner removes it
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
  /** What `flushGeneration` gave. */
  readonly leastLogNumber: number;
  /** A directory on the same disk to try a file in. */
  readonly scratchDirectory: string;
}

/** `checkFlushedOrReport` of the version that a directory is at. */
function checkFlushDone(
  fileSystem: FileSystem,
  { directory, leastLogNumber, scratchDirectory }: CheckFlushDoneInput,
): void {
  const version = readVersion(fileSystem, directory);
  checkFlushedOrReport(fileSystem, version, leastLogNumber, directory, scratchDirectory);
}

export const checkFlushDoneTask = defineTask('checkFlushDone', checkFlushDone);

/** What writing as much as the logs hold meets, if that is a full disk. */
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

/** The last error that LevelDB wrote to its LOG. */
function lastError(fileSystem: FileSystem, path: string): string | undefined {
  let file: FileHandle | undefined;
  try {
    file = fileSystem.open(path, 'read');
    const tail = new Uint8Array(LOG_TAIL_BYTES);
    const length = file.read(tail, Math.max(0, file.sizeBytes() - LOG_TAIL_BYTES));
    const lines = Buffer.from(tail.subarray(0, length)).toString('latin1').split('\n');
    return lines
      .findLast((line) => /(IO error|Corruption): /.test(line))
      ?.replace(/^.*?(?=IO error|Corruption)/, '');
  } catch {
    return undefined;
  } finally {
    file?.close();
  }
}
