// Links the tables of a LevelDB database's current version, which may be open and compacting: reads the MANIFEST, links
// the tables, and starts again if a table has been deleted meanwhile (docs/leveldb-rules.md, rule 20). A table with a
// second link survives its deletion by LevelDB.
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { linkOrCopy, type Placement, unlinkIfThere } from '../files/place-file.js';
import { oldTableFileName, tableFileName } from './file-names.js';
import { checkFlushedOrReport } from './flush-failure.js';
import { readVersion, type Version } from './manifest.js';
import type { TableEntry } from './version-edit.js';

/** The limit of attempts. An attempt fails if a compaction deletes a table meanwhile. */
const MAX_ROUNDS = 100;

/** The limit of attempts to read a version while LevelDB replaces its MANIFEST. */
const MAX_READS = 4;

/** A version whose tables are linked. */
export interface LinkedVersion {
  readonly version: Version;
  /** How each table was placed, by number. */
  readonly placements: ReadonlyMap<number, Placement>;
  /** The tables in the target directory, by name. */
  readonly placed: PlacedTables;
}

interface PlacedTable {
  readonly number: number;
  readonly placement: Placement;
  /** The path of the database's own file. */
  readonly origin: string;
}

type PlacedTables = ReadonlyMap<string, PlacedTable>;

/**
 * Links the tables that `wants` returns into `targetDirectory`.
 *
 * @param wants maps a version to the tables to link and their names in the target directory. It may be called several
 * times, with newer versions
 * @param leastLogNumber what `flushGeneration` returned, if the memtable was flushed for this
 * @param before the result of an earlier call, whose links are reused or removed
 * @throws EngineError SSTITCH_STORE_CORRUPT, SSTITCH_STORE_FORMAT, SSTITCH_LEVELDB
 */
export function linkVersion(
  fileSystem: FileSystem,
  directory: string,
  targetDirectory: string,
  wants: (version: Version) => ReadonlyArray<{ table: TableEntry; name: string }>,
  checkCancelled: () => void,
  leastLogNumber = 0,
  before: LinkedVersion | undefined = undefined,
): LinkedVersion {
  const placed = new Map(before?.placed);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    checkCancelled();
    let version: Version;
    try {
      version = readVersion(fileSystem, directory);
    } catch (error) {
      if (errorCodeOf(error) === 'ENOENT' && round + 1 < MAX_READS) continue;
      throw error;
    }
    checkFlushedOrReport(fileSystem, version, leastLogNumber, directory, targetDirectory);
    const wanted = wants(version);
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of placed.keys()) {
      if (names.has(name)) continue;
      unlinkIfThere(fileSystem, `${targetDirectory}/${name}`);
      placed.delete(name);
    }
    let missing: TableEntry | undefined;
    for (const { table, name } of wanted) {
      checkCancelled();
      if (placed.has(name)) continue;
      const linked = linkTable(fileSystem, directory, table.number, `${targetDirectory}/${name}`);
      if (linked === undefined) {
        missing = table;
        break;
      }
      placed.set(name, linked);
    }
    if (missing === undefined) {
      const placements = new Map<number, Placement>();
      for (const { number, placement } of placed.values()) placements.set(number, placement);
      return { version, placements, placed };
    }
    if (isListed(fileSystem, directory, missing.number)) {
      throw new EngineError('SSTITCH_STORE_CORRUPT', 'a table that the MANIFEST lists is missing', {
        path: `${directory}/${tableFileName(missing.number)}`,
      });
    }
  }
  throw new EngineError(
    'SSTITCH_STORE_CORRUPT',
    'the tables change faster than they can be linked',
    {
      path: directory,
    },
  );
}

function linkTable(
  fileSystem: FileSystem,
  directory: string,
  number: number,
  path: string,
): PlacedTable | undefined {
  for (const name of [tableFileName(number), oldTableFileName(number)]) {
    const origin = `${directory}/${name}`;
    try {
      return { number, placement: linkOrCopy(fileSystem, origin, path), origin };
    } catch (error) {
      if (errorCodeOf(error) !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** Whether the current version lists a table. If it does, a missing file is damage and not a race. */
function isListed(fileSystem: FileSystem, directory: string, number: number): boolean {
  const version = readVersion(fileSystem, directory);
  return version.levels.some((tables) => tables.some((table) => table.number === number));
}
