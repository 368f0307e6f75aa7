// Copies the logs whose writes are not in a version's tables, while their database may be open and written to.
//
// LevelDB completes a log before it starts the next one, so copying the newest log first yields a prefix of the writes.
// It deletes a log only after the MANIFEST no longer needs it, so if the log number has not changed by the end, no log
// was missed.
//
// Each copy is then read in full, as LevelDB would silently drop damaged records.
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { fsyncAndClose } from '../files/fsync-and-close.js';
import { damagedLog } from '../leveldb/damaged-log.js';
import { logFileName } from '../leveldb/file-names.js';
import { checkLogFile } from '../leveldb/log-source.js';
import {
  checkLogThere,
  type Durability,
  readCurrent,
  readVersion,
  type Version,
} from '../leveldb/manifest.js';
import { scanLog } from '../leveldb/scan-log.js';
import { unflushedLogs } from '../leveldb/unflushed-log.js';

export interface CopyLogsInput {
  readonly sourceDirectory: string;
  readonly targetDirectory: string;
  /** The source's version. */
  readonly version: Version;
  /** Whether to fsync the copies. */
  readonly durability: Durability;
}

/**
 * Copies the logs.
 *
 * @returns the greatest number of a copied log, 0 if there was none, or undefined if the log number changed meanwhile
 * @throws EngineError SSTITCH_STORE_CORRUPT if a log is missing, or damaged before its end
 */
export function copyLogs(
  fileSystem: FileSystem,
  input: CopyLogsInput,
  checkCancelled: () => void,
): number | undefined {
  const { sourceDirectory, targetDirectory, version } = input;
  const numbers = unflushedLogs(fileSystem, sourceDirectory, version).reverse();
  try {
    for (const number of numbers) copyLog(fileSystem, input, number);
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
  { sourceDirectory, targetDirectory, durability }: CopyLogsInput,
  number: number,
): void {
  const name = logFileName(number);
  const path = `${sourceDirectory}/${name}`;
  checkLogFile(fileSystem, path);
  const copy = fileSystem.copy(path, `${targetDirectory}/${name}`);
  if (durability === 'synced') fsyncAndClose(copy);
  else copy.close();
}
