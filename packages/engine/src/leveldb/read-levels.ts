// Reads a summary of a database's levels without opening it.

import type { FileSystem } from '@sstitch/sst';
import { defineTask } from '../threads/task.js';
import { readVersion } from './manifest.js';

/** One level of a database. */
export interface LevelSummary {
  /** The number of the level, from 0. */
  readonly level: number;
  /** The number of tables. */
  readonly tables: number;
  /** The size of the tables. */
  readonly bytes: number;
}

/** Returns the number and the size of the tables of each level. */
function readLevels(
  fileSystem: FileSystem,
  { directory }: { readonly directory: string },
): LevelSummary[] {
  return readVersion(fileSystem, directory).levels.map((tables, level) => ({
    level,
    tables: tables.length,
    bytes: tables.reduce((sum, table) => sum + table.sizeBytes, 0),
  }));
}

export const readLevelsTask = defineTask('readLevels', readLevels);
