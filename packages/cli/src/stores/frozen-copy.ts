// A copy of a store's tables that nothing changes: linked, with a MANIFEST of its own, made without
// opening the database. LevelDB compacts even a private copy once it is open; what `verify` checks must
// hold still.
import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { adopt } from '@sstitch/engine';
import { withPrivateFolder } from './private-folder.js';

/** Each round follows a commit of the store's owner. */
const MAX_ROUNDS = 10;

/** A copy and where it came from. */
export interface FrozenCopy {
  /** A store of one generation; open it to read keys. */
  readonly storeFolder: string;
  /** The folder with its tables. */
  readonly tableFolder: string;
  /** Names of its tables: exactly those in force. */
  readonly tableNames: readonly string[];
  /** The folder that the tables came from, for messages. */
  readonly sourceFolder: string;
}

/** Runs `use` on a copy of a store's current generation. The store must be one: open it first. */
export async function withFrozenCopy<T>(
  location: string,
  signal: AbortSignal,
  use: (copy: FrozenCopy) => Promise<T>,
): Promise<T> {
  return withPrivateFolder(location, async (folder) => {
    const storeFolder = join(folder, 'store');
    const sourceFolder = await copyCurrent(location, storeFolder, signal);
    const tableFolder = join(storeFolder, 'gen-000001');
    const tableNames = readdirSync(tableFolder).filter((name) => /\.(ldb|sst)$/.test(name));
    return use({ storeFolder, tableFolder, tableNames, sourceFolder });
  });
}

async function copyCurrent(
  location: string,
  storeFolder: string,
  signal: AbortSignal,
): Promise<string> {
  for (let round = 1; ; round++) {
    const generation = await currentGeneration(location);
    const sourceFolder = join(location, generation);
    try {
      // What is not known to be sound is read by the caller.
      await adopt(sourceFolder, storeFolder, { signal, verify: false });
      return sourceFolder;
    } catch (error) {
      const isStill = (await currentGeneration(location)) === generation;
      if (isStill || round === MAX_ROUNDS) throw error;
      await rm(storeFolder, { recursive: true, force: true });
    }
  }
}

async function currentGeneration(location: string): Promise<string> {
  return (await readFile(join(location, 'CURRENT'), 'latin1')).trim();
}
