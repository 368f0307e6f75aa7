// A copy of a store's tables that nothing changes: linked, with a MANIFEST of its own, made without
// opening the database. LevelDB compacts even a private copy once it is open; what `verify` checks must
// hold still.
import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { adopt } from '@sstitch/engine';
import { withPrivateDirectory } from './private-directory.js';

/** Each round follows a commit of the store's owner. */
const MAX_ROUNDS = 10;

/** A copy and where it came from. */
export interface FrozenCopy {
  /** A store of one generation; open it to read keys. */
  readonly storeDirectory: string;
  /** The directory with its tables. */
  readonly tableDirectory: string;
  /** Names of its tables: exactly those in force. */
  readonly tableNames: readonly string[];
  /** The directory that the tables came from, for messages. */
  readonly sourceDirectory: string;
}

/** Runs `use` on a copy of a store's current generation. The store must be one: open it first. */
export async function withFrozenCopy<T>(
  location: string,
  signal: AbortSignal,
  use: (copy: FrozenCopy) => Promise<T>,
): Promise<T> {
  return withPrivateDirectory(location, async (directory) => {
    const storeDirectory = join(directory, 'store');
    const sourceDirectory = await copyCurrent(location, storeDirectory, signal);
    const tableDirectory = join(storeDirectory, 'gen-000001');
    const tableNames = readdirSync(tableDirectory).filter((name) => /\.(ldb|sst)$/.test(name));
    return use({ storeDirectory, tableDirectory, tableNames, sourceDirectory });
  });
}

async function copyCurrent(
  location: string,
  storeDirectory: string,
  signal: AbortSignal,
): Promise<string> {
  for (let round = 1; ; round++) {
    const generation = await currentGeneration(location);
    const sourceDirectory = join(location, generation);
    try {
      // What is not known to be sound is read by the caller.
      await adopt(sourceDirectory, storeDirectory, { signal, verify: false });
      return sourceDirectory;
    } catch (error) {
      const isStill = (await currentGeneration(location)) === generation;
      if (isStill || round === MAX_ROUNDS) throw error;
      await rm(storeDirectory, { recursive: true, force: true });
    }
  }
}

async function currentGeneration(location: string): Promise<string> {
  return (await readFile(join(location, 'CURRENT'), 'latin1')).trim();
}
