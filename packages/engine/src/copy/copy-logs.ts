// Copies the logs that a version's tables do not cover, while their database may be open and write.
//
// Logs are appended to meanwhile. LevelDB ends a log before it starts the next, so copying the newest first
// gives a prefix of what was written; and a log is deleted only after the MANIFEST has moved past it, so a log
// number that has not changed by the end means that none was missed.
//
// Each copy is read in full before it is used: LevelDB would drop what is wrong in it without a word.
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { copyDurably } from '../files/place-file.js';
import { damagedLog } from '../leveldb/damaged-log.js';
import { logFileName } from '../leveldb/file-names.js';
import { checkLogFile } from '../leveldb/log-source.js';
import { checkLogThere, readCurrent, readVersion, type Version } from '../leveldb/manifest.js';
import { scanLog } from '../leveldb/scan-log.js';
import { logsBehind } from '../leveldb/unflushed-log.js';

export interface CopyLogsInput {
  readonly sourceDirectory: string;
  readonly targetDirectory: string;
  /** Of the source. */
  readonly version: Version;
}

/**
 * Gives the greatest log number copied (0 for none), or undefined when the logs moved on meanwhile.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT for a log that is damaged before its end, or missing
 */
export function copyLogs(
  fileSystem: FileSystem,
  { sourceDirectory, targetDirectory, version }: CopyLogsInput,
  checkCancelled: () => void,
): number | undefined {
  const numbers = logsBehind(fileSystem, sourceDirectory, version).reverse();
  try {
    for (const number of numbers) copyLog(fileSystem, sourceDirectory, targetDirectory, number);
    const now = readVersion(fileSystem, sourceDirectory);
    if (now.logNumber !== version.logNumber) return undefined;
    checkLogThere(
      version,
      readCurrent(fileSystem, sourceDirectory),
      new Set(numbers),
      sourceDirectory,
    );
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  for (const number of numbers) {
    const name = logFileName(number);
    const blame = `${sourceDirectory}/${name}`;
    const scan = scanLog(fileSystem, `${targetDirectory}/${name}`, { blame, checkCancelled });
    if (scan.damage !== undefined) throw damagedLog(scan.damage);
  }
  return numbers[0] ?? 0;
}

function copyLog(
  fileSystem: FileSystem,
  sourceDirectory: string,
  targetDirectory: string,
  number: number,
): void {
  const name = logFileName(number);
  const path = `${sourceDirectory}/${name}`;
  checkLogFile(fileSystem, path);
  copyDurably(fileSystem, path, `${targetDirectory}/${name}`);
}
