// Copies a LevelDB database, which may be open in this process or another. The copy has links to the tables, a
// MANIFEST of its own and, on request, copies of the logs that are not in tables yet (copy-logs.ts).

import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { blamingOrigins } from '../files/blame-file.js';
import { removeTree } from '../files/place-file.js';
import { describeKind } from '../files/regular-file.js';
import { tableFileName } from '../leveldb/file-names.js';
import { type LinkedVersion, linkVersion } from '../leveldb/linked-version.js';
import { type Durability, type Version, writeManifest } from '../leveldb/manifest.js';
import { checkTableSize } from '../leveldb/table-size.js';
import { purgeTable } from '../tables/purge-tables.js';
import { defineTask } from '../threads/task.js';
import { copyLogs } from './copy-logs.js';

/** The limit of attempts. An attempt fails if the source flushes its memtable meanwhile. */
const MAX_ROUNDS = 100;

export interface CopyGenerationInput {
  readonly sourceDirectory: string;
  /** The directory to make. */
  readonly targetDirectory: string;
  /** Whether to copy the logs too, for a source whose memtable was not flushed. */
  readonly logs: boolean;
  /** What `flushGeneration` returned; 0 if the logs are copied instead. */
  readonly leastLogNumber: number;
  /** Whether to rewrite tables whose files hold more than the table (tables/purge-tables.ts). @defaultValue false */
  readonly purge?: boolean | undefined;
  /** `unsynced` for a copy that need not survive a crash of the system. @defaultValue 'synced' */
  readonly durability?: Durability | undefined;
}

/** What a copy of a database consists of. */
export interface CopiedGeneration {
  /** The number of all tables. */
  readonly tables: number;
  /** The number of tables that were copied, to purge them or because they could not be linked. */
  readonly copiedTables: number;
  /** The size of copied tables. */
  readonly copiedBytes: number;
  /** The size of linked tables. */
  readonly linkedBytes: number;
}

/**
 * Copies a database; see the top of this file. It fsyncs everything except the target's parent directory, unless the
 * copy is `unsynced`. A failure removes the copy, but never a target that existed before the call.
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

/** Removes an unfinished copy. An error is ignored, in favour of the one that ended the copy. */
function removeLeftover(fileSystem: FileSystem, directory: string): void {
  try {
    removeTree(fileSystem, directory);
  } catch {
    // The caller throws the first error.
  }
}

/** Makes one attempt. Returns undefined if the logs changed meanwhile. */
function tryCopy(
  fileSystem: FileSystem,
  input: CopyGenerationInput,
  checkCancelled: () => void,
): CopiedGeneration | undefined {
  const { sourceDirectory, targetDirectory, purge = false, durability = 'synced' } = input;
  const { version, placements, placed } = linkVersion(
    fileSystem,
    sourceDirectory,
    targetDirectory,
    ({ levels }) => levels.flat().map((table) => ({ table, name: tableFileName(table.number) })),
    checkCancelled,
    input.leastLogNumber,
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
  if (input.logs) {
    const newestLog = copyLogs(
      fileSystem,
      { sourceDirectory, targetDirectory, version, durability },
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
  writeManifest(fileSystem, targetDirectory, target, manifestNumber, durability);
  if (durability === 'synced') fileSystem.fsyncDir(targetDirectory);
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

/** Rewrites the tables whose files hold more than the table, and adds their numbers to `copied`. */
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
    // A hard link of a symbolic link is a symbolic link.
    if (kind !== 'file') {
      throw new EngineError('SSTITCH_STORE_CORRUPT', `${describeKind(kind)} is not a table`, {
        path,
      });
    }
    checkTableSize(fileSystem, path, actual, sizeBytes);
  }
}
