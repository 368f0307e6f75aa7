// Removes the copies of ended readers that LevelDB has not opened, and finds those whose locks decide (ended-readers.ts).
// Worker threads load this module, and no code of LevelDB, which would take a quarter of their start.

import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { removeTree } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { isOpenHere, lockIn } from './copy-locks.js';
import { processNamespace } from './process-namespace.js';
import { parseReaderName, type ReaderProcess, type ReaderRoot } from './reader-directories.js';

export interface ReadersInput {
  readonly root: ReaderRoot;
  /** The directory that holds the readers' directories. */
  readonly directory: string;
}

/**
 * Removes the copies without a lock of which the name says that the process has ended. Returns the readers' directories
 * whose locks decide.
 */
function removeUnlockedReaders(
  fileSystem: FileSystem,
  { root, directory }: ReadersInput,
): string[] {
  const locked: string[] = [];
  for (const name of namesIn(fileSystem, directory)) {
    const maker = parseReaderName(name, root);
    if (maker === undefined) continue;
    const path = `${directory}/${name}`;
    const lock = lockIn(path);
    if (lock === undefined) {
      if (hasEnded(maker)) removeIfAllowed(fileSystem, path);
    } else if (maker.id !== process.pid || !isOpenHere(lock)) locked.push(path);
  }
  return locked;
}

export const removeUnlockedReadersTask = defineTask('removeUnlockedReaders', removeUnlockedReaders);

/** Returns the names in a directory; none if there are no readers, or if another user's readers alone may list them. */
function namesIn(fileSystem: FileSystem, directory: string): string[] {
  try {
    return fileSystem.readdir(directory);
  } catch {
    return [];
  }
}

function hasEnded({ id, namespace }: ReaderProcess): boolean {
  if (namespace !== processNamespace()) return false;
  try {
    process.kill(id, 0);
    return false;
  } catch (error) {
    // EPERM means that it runs as another user.
    return errorCodeOf(error) === 'ESRCH';
  }
}

function removeIfAllowed(fileSystem: FileSystem, directory: string): void {
  try {
    removeTree(fileSystem, directory);
  } catch {
    // It belongs to another user, or another process removes it.
  }
}
