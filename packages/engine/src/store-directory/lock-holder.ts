// Which process holds a LevelDB lock, on Linux; elsewhere nothing tells.
//
// LevelDB's lock is a POSIX record lock: to open and close its file anywhere in the process that holds it would
// drop it (docs/leveldb-rules.md, rule 18). So the file is not opened: its inode is looked up in the kernel's list of locks.

import { readFileSync, statSync } from 'node:fs';
import type { FileSystem } from '@sstitch/sst';
import { defineTask } from '../threads/task.js';

/** `1: POSIX  ADVISORY  WRITE 4711 fe:00:9980262 0 EOF`: process id, device, inode. */
const LOCK_LINE = /^\d+: POSIX +ADVISORY +WRITE +(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /;

/** The id of the process; undefined where it cannot be known, as for one in another container. */
function findLockHolder(
  _fileSystem: FileSystem,
  { path }: { readonly path: string },
): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return holderIn(readFileSync('/proc/locks', 'latin1'), dev, ino);
  } catch {
    // It only adds to an error that is told anyway.
    return undefined;
  }
}

export const findLockHolderTask = defineTask('findLockHolder', findLockHolder);

/** The process that a list of locks names for a file. */
export function holderIn(locks: string, device: bigint, inode: bigint): number | undefined {
  // As the C library takes a device number apart.
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  for (const line of locks.split('\n')) {
    const [, holder, lineMajor, lineMinor, lineInode] = LOCK_LINE.exec(line) ?? [];
    if (lineInode === undefined || BigInt(lineInode) !== inode) continue;
    if (BigInt(`0x${lineMajor}`) !== major || BigInt(`0x${lineMinor}`) !== minor) continue;
    // 0: of a process that is not to be seen from here.
    return Number(holder) || undefined;
  }
  return undefined;
}
