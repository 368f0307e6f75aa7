// A look at a database's levels, without opening it.

import type { FileSystem } from '@sstitch/sst';
import { defineTask } from '../threads/task.js';
import { readVersion } from './manifest.js';

export interface LevelSummary {
  readonly level: number;
  readonly tables: number;
  readonly bytes: number;
}

/** Tables and bytes of each level of the LevelDB database in a directory. */
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
