// Looks for user keys whose versions lie in two tables of one level, or with an old one in a shallower level
// than a new one (shadowed-keys.ts): by bounds, or by a look into the tables too.

import { compareBytes } from '@sstitch/contract';
import { type FileSystem, SstError, TableReader, userKeyOf } from '@sstitch/sst';
import { sequenceNumberOf } from '@sstitch/sst/file-format';
import { errorCodeOf } from '../errors.js';
import { defineTask } from '../threads/task.js';
import { oldTableFileName, tableFileName } from './file-names.js';
import { readVersion, type Version } from './manifest.js';
import { shadowedKeys } from './shadowed-keys.js';
import type { TableEntry } from './version-edit.js';

/** Each round follows a compaction that deleted a table before it was opened. */
const MAX_ROUNDS = 100;

export interface FindSharedKeysInput {
  /** Of a LevelDB database, which may be open. */
  readonly directory: string;
  /**
   * Look into tables: one seek for each table of the levels from 1 on and each deeper table that its first key
   * lies in.
   */
  readonly reads: boolean;
}

export interface SharedKeys {
  /** Tables that begin with a shadowed key, as bounds tell: a commit splits it away. */
  readonly shadowed: number;
  /** Those of them of which get gives an old version already. */
  readonly stale: number;
  /** Further keys of which get gives an old version, as the tables tell. */
  readonly staleKeys: readonly Uint8Array[];
}

/** @throws EngineError SSTITCH_STORE_CORRUPT for a broken MANIFEST; broken tables are left to others */
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
    // Damage is for `verify` to tell.
    if (error instanceof SstError && error.code !== 'SSTITCH_TABLE_IO') return false;
    throw error;
  }
}
