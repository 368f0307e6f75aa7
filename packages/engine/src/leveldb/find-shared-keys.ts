// Finds user keys whose versions are in two tables of one level, or with an older version in a shallower level than a
// newer one (shadowed-keys.ts). It compares the tables' bounds and, on request, reads the tables.

import { compareBytes } from '@sstitch/contract';
import { type FileSystem, SstError, TableReader, userKeyOf } from '@sstitch/sst';
import { sequenceNumberOf } from '@sstitch/sst/file-format';
import { errorCodeOf } from '../errors.js';
import { defineTask } from '../threads/task.js';
import { oldTableFileName, tableFileName } from './file-names.js';
import { readVersion, type Version } from './manifest.js';
import { shadowedKeys } from './shadowed-keys.js';
import type { TableEntry } from './version-edit.js';

/** The limit of attempts. An attempt fails if a compaction deletes a table before it is opened. */
const MAX_ROUNDS = 100;

export interface FindSharedKeysInput {
  /** The directory of a LevelDB database, which may be open. */
  readonly directory: string;
  /**
   * Whether to read tables: for each table of levels 1 to 6, one get of its first key in every deeper table whose
   * bounds contain the key.
   */
  readonly reads: boolean;
}

/** The keys that were found. */
export interface SharedKeys {
  /** The number of tables that, by their bounds, begin with a shadowed key. A commit splits the key away. */
  readonly shadowed: number;
  /** The number of these keys for which LevelDB's get returns an old version already. */
  readonly stale: number;
  /** Other keys for which LevelDB's get returns an old version, found by reading tables. */
  readonly staleKeys: readonly Uint8Array[];
}

/** Finds the keys. Ignores damaged tables. @throws EngineError SSTITCH_STORE_CORRUPT for a damaged MANIFEST */
function findSharedKeys(
  fileSystem: FileSystem,
  { directory, reads }: FindSharedKeysInput,
  checkCancelled: () => void,
): SharedKeys {
  for (let round = 1; ; round++) {
    const version = readVersion(fileSystem, directory);
    const shadowed = shadowedKeys(version.levels);
    const stale = [...shadowed.values()].filter(({ isStale }) => isStale).length;
    const found = { shadowed: shadowed.size, stale };
    if (!reads) return { ...found, staleKeys: [] };
    try {
      const staleKeys = readStaleKeys(fileSystem, directory, version, checkCancelled);
      return { ...found, staleKeys };
    } catch (error) {
      const isGone = error instanceof SstError && errorCodeOf(error.cause) === 'ENOENT';
      if (!isGone || round === MAX_ROUNDS) throw error;
    }
  }
}

export const findSharedKeysTask = defineTask('findSharedKeys', findSharedKeys);

function readStaleKeys(
  fileSystem: FileSystem,
  directory: string,
  { levels }: Version,
  checkCancelled: () => void,
): Uint8Array[] {
  const stale: Uint8Array[] = [];
  for (const [level, tables] of levels.entries()) {
    if (level === 0) continue;
    for (const deeper of levels.slice(level + 1)) {
      let next = 0;
      let reader: TableReader | undefined;
      try {
        for (const { smallest } of tables) {
          checkCancelled();
          const key = userKeyOf(smallest);
          const isBefore = ({ largest }: TableEntry) => compareBytes(userKeyOf(largest), key) < 0;
          let below = deeper[next];
          while (below !== undefined && isBefore(below)) {
            below = deeper[++next];
            reader?.close();
            reader = undefined;
          }
          if (below === undefined) break;
          if (compareBytes(key, userKeyOf(below.smallest)) < 0) continue;
          reader ??= openTable(fileSystem, directory, below);
          if (isNewerThan(reader, key, sequenceNumberOf(smallest))) stale.push(key);
        }
      } finally {
        reader?.close();
      }
    }
  }
  return stale;
}

function openTable(
  fileSystem: FileSystem,
  directory: string,
  { number, sizeBytes }: TableEntry,
): TableReader {
  const options = { sizeBytes, validate: 'lazy' } as const;
  try {
    return TableReader.open(fileSystem, `${directory}/${tableFileName(number)}`, options);
  } catch (error) {
    if (!(error instanceof SstError) || errorCodeOf(error.cause) !== 'ENOENT') throw error;
    return TableReader.open(fileSystem, `${directory}/${oldTableFileName(number)}`, options);
  }
}

function isNewerThan(reader: TableReader, key: Uint8Array, sequence: number): boolean {
  try {
    return (reader.get(key)?.sequence ?? -1) > sequence;
  } catch (error) {
    // Damage is reported by `verifyStore`.
    if (error instanceof SstError && error.code !== 'SSTITCH_TABLE_IO') return false;
    throw error;
  }
}
