// Finds which sync's keys lie in which level of a store, from LevelDB's list of the tables of a private copy.
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openReadOnly } from '@sstitch/engine';
import { BUCKETS, formatSyncId, SYNC_ID_LENGTH_BYTES, syncIdBytes } from '@sstitch/keys';
import { checkTableStructure, nodeFileSystem, SstError, userKeyOf } from '@sstitch/sst';
import { withoutThread, withReader } from '../../stores/open-store.js';
import { headOf } from '../../stores/output-path.js';
import { withPrivateDirectory } from '../../stores/private-directory.js';

/** A table of a level. */
export interface PicturedTable {
  readonly number: number;
  readonly sizeBytes: number;
  /** The syncs of its first and its last key; one sync, if the table holds only that one. */
  readonly syncIds: readonly string[];
}

export interface PicturedLevel {
  readonly level: number;
  readonly tables: readonly PicturedTable[];
}

const LEVEL_LINE = /^--- level (\d+) ---$/;
const TABLE_LINE = /^ (\d+):(\d+)\[/;
/** The copy is compacted as any database is: a table may disappear between listing and reading it. */
const MAX_ROUNDS = 5;

/** The levels of a store, without empty ones. */
export async function pictureLevels(location: string): Promise<readonly PicturedLevel[]> {
  // If there is no store, reports that before creating anything.
  const isStore = headOf(join(location, 'CURRENT')).startsWith('gen-');
  if (!isStore) await withReader(location, async () => undefined);
  return withPrivateDirectory(location, async (directory) => {
    const reader = await openReadOnly(location, {
      copyDirectory: directory,
      ...withoutThread(location),
    });
    try {
      const [copy] = readdirSync(directory);
      if (copy === undefined) throw new Error('the private copy is not where it should be');
      for (let round = 1; ; round++) {
        try {
          return picture(reader.getProperty('leveldb.sstables'), join(directory, copy));
        } catch (error) {
          if (!(error instanceof SstError)) throw error;
          if (round === MAX_ROUNDS) throw await blameStore(error, location);
        }
      }
    } finally {
      await reader.close();
    }
  });
}

/** Replaces the path of the private copy's table in an error by the path of the store's table of the same name. */
async function blameStore(error: SstError, location: string): Promise<SstError> {
  const { path } = error;
  if (path === undefined) return error;
  const generation = (await readFile(join(location, 'CURRENT'), 'latin1')).trim();
  const names = [basename(path), `${basename(path, '.ldb')}.sst`];
  const own = names
    .map((name) => join(location, generation, name))
    .find((each) => existsSync(each));
  // The table may be new: made by a compaction of the copy.
  if (own === undefined) return error;
  const { code, problem, offset } = error;
  return new SstError(code, problem, { path: own, offset }, error);
}

/** @param listing LevelDB's `leveldb.sstables`: a line for each level and each table */
function picture(listing: string, directory: string): PicturedLevel[] {
  const names = new Map(readdirSync(directory).map((name) => [Number.parseInt(name, 10), name]));
  const levels: Array<{ level: number; tables: PicturedTable[] }> = [];
  for (const line of listing.split('\n')) {
    const level = LEVEL_LINE.exec(line)?.[1];
    if (level !== undefined) levels.push({ level: Number(level), tables: [] });
    const [, number, size] = TABLE_LINE.exec(line) ?? [];
    if (number === undefined || size === undefined) continue;
    const path = join(directory, names.get(Number(number)) ?? `${number}.ldb`);
    const { smallest, largest } = checkTableStructure(nodeFileSystem, path, {
      // The file may be longer: a commit may have shared the table.
      sizeBytes: Number(size),
    });
    const syncIds = [syncOf(userKeyOf(smallest)), syncOf(userKeyOf(largest))];
    levels.at(-1)?.tables.push({
      number: Number(number),
      sizeBytes: Number(size),
      syncIds: [...new Set(syncIds)].filter((syncId) => syncId !== undefined),
    });
  }
  return levels.filter(({ tables }) => tables.length > 0);
}

function syncOf(key: Uint8Array): string | undefined {
  const layout = BUCKETS.find(({ prefix }) => prefix.every((byte, at) => key[at] === byte));
  if (layout === undefined) return undefined;
  const end = layout.prefix.length + SYNC_ID_LENGTH_BYTES;
  if (key.length < end) return undefined;
  return formatSyncId(syncIdBytes(new Uint8Array(key.subarray(layout.prefix.length, end))));
}
