// Finds the process that holds a LevelDB lock. This works on Linux only.
//
// LevelDB's lock is a POSIX record lock, which the holding process drops if it opens and closes the file anywhere
// (docs/leveldb-rules.md, rule 18). So the file is not opened: its inode is looked up in the kernel's list of locks.

import { readFileSync, statSync } from 'node:fs';
import type { FileSystem } from '@sstitch/sst';
import { defineTask } from '../threads/task.js';

/** A line of /proc/locks: `1: POSIX  ADVISORY  WRITE 4711 fe:00:9980262 0 EOF` has process id, device and inode. */
const LOCK_LINE = /^\d+: POSIX +ADVISORY +WRITE +(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /;

/** Returns the process id, or undefined if it cannot be determined, as for a process in another container. */
function findLockHolder(
  _fileSystem: FileSystem,
  { path }: { readonly path: string },
): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return holderIn(readFileSync('/proc/locks', 'latin1'), dev, ino);
  } catch {
    // The id only adds detail to an error that is thrown in any case.
    return undefined;
  }
}

export const findLockHolderTask = defineTask('findLockHolder', findLockHolder);

/** Returns the process id that the text of /proc/locks names for a file. */
export function holderIn(locks: string, device: bigint, inode: bigint): number | undefined {
  // The C library's major() and minor() do the same.
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  for (const line of locks.split('\n')) {
    const [, holder, lineMajor, lineMinor, lineInode] = LOCK_LINE.exec(line) ?? [];
    if (lineInode === undefined || BigInt(lineInode) !== inode) continue;
    if (BigInt(`0x${lineMajor}`) !== major || BigInt(`0x${lineMinor}`) !== minor) continue;
    // The kernel shows id 0 for a process outside this process-id namespace.
    return Number(holder) || undefined;
  }
  return undefined;
}
