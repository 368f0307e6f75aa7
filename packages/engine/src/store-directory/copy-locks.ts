// Finds the lock of a reader's copy and whether this process holds it, without opening the file: a close of any
// descriptor would drop the lock (docs/leveldb-rules.md, rule 18).

import { type BigIntStats, lstatSync, readdirSync, statSync } from 'node:fs';
import { LOCK_FILE } from '../leveldb/file-names.js';
import { COPY_DIRECTORY } from './reader-directories.js';

/**
 * Describes the lock of a reader's copy, if LevelDB has opened the copy. A link is not taken for it, nor is a file of
 * another user, who can replace it by a link: the link may lead to a file that this process has locked.
 */
export function lockIn(directory: string): BigIntStats | undefined {
  const copy = `${directory}/${COPY_DIRECTORY}`;
  try {
    const outer = lstatSync(directory);
    if (!outer.isDirectory() || !lstatSync(copy).isDirectory()) return undefined;
    if (process.geteuid !== undefined && outer.uid !== process.geteuid()) return undefined;
    const lock = lstatSync(`${copy}/${LOCK_FILE}`, { bigint: true });
    return lock.isFile() && lock.nlink === 1n ? lock : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this process has a file open, in any thread. Where the system does not tell, it may have. */
export function isOpenHere({ dev, ino }: BigIntStats): boolean {
  let descriptors: string[];
  try {
    descriptors = readdirSync('/proc/self/fd');
  } catch {
    return true;
  }
  return descriptors.some((descriptor) => {
    try {
      const open = statSync(`/proc/self/fd/${descriptor}`, { bigint: true });
      return open.dev === dev && open.ino === ino;
    } catch {
      // It has been closed.
      return false;
    }
  });
}
