// Removes the private copies of readers that have ended (reader-directories.ts). Two things prove that one has:
//
// - The lock of its copy is free. LevelDB locks the file LOCK as long as it has the copy open, and the system releases
//   the lock when the process ends. This holds between containers too. It is a POSIX record lock: an attempt to take a
//   lock of this process would drop it (docs/leveldb-rules.md, rule 18), so the copies that this process has open are
//   found first.
// - No process has the id in its name. This holds in the namespace of the name only. It decides about a copy that
//   LevelDB has not opened, about one of another user, and about the directories that the command line makes.
//
// A reader whose LevelDB has made LOCK and not locked it yet can lose its copy. LevelDB then fails to open it, as its
// CURRENT is gone before the lock is free again, and the reader makes another copy.

import { dirname } from 'node:path';
import { errorCodeOf } from '../errors.js';
import { CURRENT_FILE, LOCK_FILE } from '../leveldb/file-names.js';
import { destroyLevelDatabase } from '../leveldb/level-database.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { COPY_DIRECTORY } from './reader-directories.js';
import { isThere, READERS_DIRECTORY, removeDirectoryTask } from './store-files.js';
import { type ReadersInput, removeUnlockedReadersTask } from './unlocked-readers.js';

/** Removes the copies of ended readers in a store, if this user may. A copy that cannot be removed stays. */
export function removeEndedReaders(pool: WorkerPool, storeDirectory: string): Promise<void> {
  return removeEnded(pool, { root: 'store', directory: `${storeDirectory}/${READERS_DIRECTORY}` });
}

/** Removes the copies of ended readers in the temporary directory. A copy that cannot be removed stays. */
export function removeEndedTemporaryReaders(pool: WorkerPool, directory: string): Promise<void> {
  return removeEnded(pool, { root: 'temporary', directory });
}

/**
 * Whether another process has taken a new copy for one of an ended reader, which it can before LevelDB has locked it.
 *
 * @param directory the copy's
 * @param isMade whether the copy was complete
 * @param error the error of making or opening it
 */
export function isTakenForEnded(
  { fileSystem }: WorkerPool,
  directory: string,
  isMade: boolean,
  error: unknown,
): boolean {
  if (error instanceof Error && errorCodeOf(error.cause) === 'LEVEL_LOCKED') return true;
  try {
    return !isThere(fileSystem, isMade ? `${directory}/${CURRENT_FILE}` : dirname(directory));
  } catch {
    return false;
  }
}

async function removeEnded(pool: WorkerPool, input: ReadersInput): Promise<void> {
  for (const directory of await pool.run(removeUnlockedReadersTask, input)) {
    try {
      const copy = `${directory}/${COPY_DIRECTORY}`;
      // It removes the files of the copy under the lock, and LOCK last. It fails if the lock is taken.
      await destroyLevelDatabase(copy);
      // LevelDB takes a directory that it cannot list for an empty one, and does nothing.
      if (isThere(pool.fileSystem, `${copy}/${LOCK_FILE}`)) continue;
      await pool.run(removeDirectoryTask, { directory });
    } catch {
      // It is in use, or another process removes it.
    }
  }
}
