// Copies a LevelDB database by links, while it may be open, here or in another process: its tables
// linked, a MANIFEST of its own, and, where asked, copies of the logs not yet in any table (copy-logs.ts).
import type { FileSystem } from '@sstitch/sst';
import { pinVersion } from '../commit/pin-version.js';
import { removeTree } from '../commit/place-file.js';
import { EngineError } from '../errors.js';
import { tableFileName } from '../leveldb/file-names.js';
import { type Version, writeManifest } from '../leveldb/manifest.js';
import { describeKind } from '../leveldb/regular-file.js';
import { checkTableSize } from '../leveldb/table-size.js';
import { copyLogs } from './copy-logs.js';

/** Each round follows a flush of the source's memtable; a source that outruns this many is broken. */
const MAX_ROUNDS = 100;

export interface CopyGenerationInput {
  readonly sourceFolder: string;
  /** Folder to make. */
  readonly targetFolder: string;
  /** Copy the logs too: for a source whose memtable was not flushed for this. */
  readonly logs: boolean;
  /** What `flushGeneration` gave; 0 where the logs are copied instead. */
  readonly leastLogNumber: number;
}

export interface CopiedGeneration {
  readonly tables: number;
  /** Tables that were copied because links do not work between the two places. */
  readonly copiedTables: number;
  readonly copiedBytes: number;
  readonly linkedBytes: number;
}

/** Copies; see the head of this file. Everything is synced but the target's parent. */
export function copyGeneration(
  fileSystem: FileSystem,
  input: CopyGenerationInput,
  checkCancelled: () => void,
): CopiedGeneration {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    checkCancelled();
    const copied = tryCopy(fileSystem, input, checkCancelled);
    if (copied !== undefined) return copied;
    removeTree(fileSystem, input.targetFolder);
  }
  throw new EngineError('SSTITCH_STORE_CORRUPT', 'the logs change faster than they can be copied', {
    path: input.sourceFolder,
  });
}

function tryCopy(
  fileSystem: FileSystem,
  { sourceFolder, targetFolder, logs, leastLogNumber }: CopyGenerationInput,
  checkCancelled: () => void,
): CopiedGeneration | undefined {
  fileSystem.makeFolder(targetFolder);
  const { version, placements } = pinVersion(
    fileSystem,
    sourceFolder,
    targetFolder,
    ({ levels }) => levels.flat().map((table) => ({ table, name: tableFileName(table.number) })),
    checkCancelled,
    leastLogNumber,
  );
  checkSizes(fileSystem, targetFolder, version);
  let nextNumber = version.nextFileNumber;
  let hasLogs = false;
  if (logs) {
    const copied = copyLogs(fileSystem, { sourceFolder, targetFolder, version }, checkCancelled);
    if (copied === undefined) return undefined;
    nextNumber = Math.max(nextNumber, copied + 1);
    hasLogs = copied > 0;
  }
  const manifestNumber = nextNumber++;
  const target: Version = {
    ...version,
    logNumber: hasLogs ? version.logNumber : manifestNumber,
    previousLogNumber: hasLogs ? version.previousLogNumber : 0,
    nextFileNumber: nextNumber,
  };
  writeManifest(fileSystem, targetFolder, target, manifestNumber);
  fileSystem.syncFolder(targetFolder);
  const totals = { tables: 0, copiedTables: 0, copiedBytes: 0, linkedBytes: 0 };
  for (const { number, sizeBytes } of version.levels.flat()) {
    totals.tables++;
    if (placements.get(number) === 'copied') {
      totals.copiedTables++;
      totals.copiedBytes += sizeBytes;
    } else {
      totals.linkedBytes += sizeBytes;
    }
  }
  return totals;
}

function checkSizes(fileSystem: FileSystem, folder: string, version: Version): void {
  for (const { number, sizeBytes } of version.levels.flat()) {
    const path = `${folder}/${tableFileName(number)}`;
    const { kind, sizeBytes: actual } = fileSystem.status(path);
    // A link in the source's folder is given a further name as the link that it is.
    if (kind !== 'file') {
      throw new EngineError('SSTITCH_STORE_CORRUPT', `${describeKind(kind)} is not a table`, {
        path,
      });
    }
    checkTableSize(fileSystem, path, actual, sizeBytes);
  }
}
