// A frozen copy of a store: hard links to its tables and a MANIFEST of its own, made without opening the
// database. LevelDB may compact even a private copy once it is open, but the tables that `verify` checks must
// not change.
import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { adopt } from '@sstitch/engine';
import { withPrivateDirectory } from './private-directory.js';

/** How many times a copy is retried. Each retry follows a commit of the store's owner. */
const MAX_ROUNDS = 10;

/** A frozen copy and the directory that it was made from. */
export interface FrozenCopy {
  /** The copy, a store of one generation; open it to read keys. */
  readonly storeDirectory: string;
  /** The directory of the copy's tables. */
  readonly tableDirectory: string;
  /** The names of the tables in the copy's current version, and no others. */
  readonly tableNames: readonly string[];
  /** The directory of the original tables, for messages. */
  readonly sourceDirectory: string;
}

/**
 * Runs `use` on a frozen copy of a store's current generation. The caller must have opened the store before,
 * which checks that it is one.
 */
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
      // The caller verifies the tables itself.
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
