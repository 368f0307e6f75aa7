// Copies a LevelDB database by links, while it may be open, here or in another process: its tables
// linked, a MANIFEST of its own, and, where asked, copies of the logs not yet in any table (copy-logs.ts).

import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { blamingOrigins } from '../files/blame-file.js';
import { removeTree } from '../files/place-file.js';
import { describeKind } from '../files/regular-file.js';
import { tableFileName } from '../leveldb/file-names.js';
import { type LinkedVersion, linkVersion } from '../leveldb/linked-version.js';
import { type Version, writeManifest } from '../leveldb/manifest.js';
import { checkTableSize } from '../leveldb/table-size.js';
import { purgeTable } from '../tables/purge-tables.js';
import { defineTask } from '../threads/task.js';
import { copyLogs } from './copy-logs.js';

/** Each round follows a flush of the source's memtable; a source that outruns this many is broken. */
const MAX_ROUNDS = 100;

export interface CopyGenerationInput {
  readonly sourceDirectory: string;
  /** Directory to make. */
  readonly targetDirectory: string;
  /** Copy the logs too: for a source whose memtable was not flushed for this. */
  readonly logs: boolean;
  /** What `flushGeneration` gave; 0 where the logs are copied instead. */
  readonly leastLogNumber: number;
  /** Write tables anew whose files hold more than the table (purge-tables.ts). @defaultValue false */
  readonly purge?: boolean | undefined;
}

export interface CopiedGeneration {
  readonly tables: number;
  /** Tables that were copied because links do not work between the two places, or to purge them. */
  readonly copiedTables: number;
  readonly copiedBytes: number;
  readonly linkedBytes: number;
}

/**
 * Copies; see the head of this file. Everything is synced but the target's parent. A failure removes what was
 * made; a target that is there already is left as it is.
 */
export function copyGeneration(
  fileSystem: FileSystem,
  input: CopyGenerationInput,
  checkCancelled: () => void,
): CopiedGeneration {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    checkCancelled();
    fileSystem.mkdir(input.targetDirectory);
    try {
      const copied = tryCopy(fileSystem, input, checkCancelled);
      if (copied !== undefined) return copied;
    } catch (error) {
      removeLeftover(fileSystem, input.targetDirectory);
      throw error;
    }
    removeTree(fileSystem, input.targetDirectory);
  }
  throw new EngineError('SSTITCH_STORE_CORRUPT', 'the logs change faster than they can be copied', {
    path: input.sourceDirectory,
  });
}

export const copyGenerationTask = defineTask('copyGeneration', copyGeneration);

/** What cannot be removed does not hide why the copy failed. */
function removeLeftover(fileSystem: FileSystem, directory: string): void {
  try {
    removeTree(fileSystem, directory);
  } catch {
    // The caller hears of the first failure.
  }
}

function tryCopy(
  fileSystem: FileSystem,
  { sourceDirectory, targetDirectory, logs, leastLogNumber, purge = false }: CopyGenerationInput,
  checkCancelled: () => void,
): CopiedGeneration | undefined {
  const { version, placements, placed } = linkVersion(
    fileSystem,
    sourceDirectory,
    targetDirectory,
    ({ levels }) => levels.flat().map((table) => ({ table, name: tableFileName(table.number) })),
    checkCancelled,
    leastLogNumber,
  );
  const names = [...placed].map(([name, { origin }]) => ({
    path: `${targetDirectory}/${name}`,
    origin,
  }));
  blamingOrigins(names, () => checkSizes(fileSystem, targetDirectory, version));
  const copied = new Set<number>();
  for (const [number, placement] of placements) if (placement === 'copied') copied.add(number);
  const { levels } = purge
    ? purgeVersion(fileSystem, { version, placed, targetDirectory, copied }, checkCancelled)
    : version;
  let nextNumber = version.nextFileNumber;
  let hasLogs = false;
  if (logs) {
    const newestLog = copyLogs(
      fileSystem,
      { sourceDirectory, targetDirectory, version },
      checkCancelled,
    );
    if (newestLog === undefined) return undefined;
    nextNumber = Math.max(nextNumber, newestLog + 1);
    hasLogs = newestLog > 0;
  }
  const manifestNumber = nextNumber++;
  const target: Version = {
    ...version,
    levels,
    logNumber: hasLogs ? version.logNumber : manifestNumber,
    previousLogNumber: hasLogs ? version.previousLogNumber : 0,
    nextFileNumber: nextNumber,
  };
  writeManifest(fileSystem, targetDirectory, target, manifestNumber);
  fileSystem.fsyncDir(targetDirectory);
  const totals = { tables: 0, copiedTables: 0, copiedBytes: 0, linkedBytes: 0 };
  for (const { number, sizeBytes } of levels.flat()) {
    totals.tables++;
    if (copied.has(number)) {
      totals.copiedTables++;
      totals.copiedBytes += sizeBytes;
    } else {
      totals.linkedBytes += sizeBytes;
    }
  }
  return totals;
}

/** The tables of a version, those written anew whose files hold more; adds these to `copied`. */
function purgeVersion(
  fileSystem: FileSystem,
  input: {
    readonly version: Version;
    readonly placed: LinkedVersion['placed'];
    readonly targetDirectory: string;
    readonly copied: Set<number>;
  },
  checkCancelled: () => void,
): Pick<Version, 'levels'> {
  const { version, placed, targetDirectory, copied } = input;
  const levels = version.levels.map((tables) =>
    tables.flatMap((table) => {
      checkCancelled();
      const name = tableFileName(table.number);
      const path = `${targetDirectory}/${name}`;
      const origin = placed.get(name)?.origin ?? path;
      const purged = purgeTable(fileSystem, { path, origin }, table);
      if (purged !== table) copied.add(table.number);
      return purged === undefined ? [] : [purged];
    }),
  );
  return { levels };
}

function checkSizes(fileSystem: FileSystem, directory: string, version: Version): void {
  for (const { number, sizeBytes } of version.levels.flat()) {
    const path = `${directory}/${tableFileName(number)}`;
    const { kind, sizeBytes: actual } = fileSystem.status(path);
    // A link in the source's directory is given a further name as the link that it is.
    if (kind !== 'file') {
      throw new EngineError('SSTITCH_STORE_CORRUPT', `${describeKind(kind)} is not a table`, {
        path,
      });
    }
    checkTableSize(fileSystem, path, actual, sizeBytes);
  }
}
