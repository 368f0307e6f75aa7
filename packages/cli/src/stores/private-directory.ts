// A private directory of this process inside a store, for hard-linked copies. Its name is that of a reader's copy
// (readers/<process id>-<n>): the store's owner and the next reader remove it after the process has ended. If the store
// cannot be written, the directory is created in the system's temporary directory.
import { randomInt } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';

/** Numbers are random: in containers, a process can have the id of one that was killed and left a directory. */
const MAX_NUMBER = 2 ** 31;
const READER_NAME = /^(\d{1,10})-\d{1,10}$/;
/** The error codes of a directory that cannot be written. */
const NO_WRITE_CODES: readonly unknown[] = ['EROFS', 'EACCES', 'EPERM'];

/** Creates a private directory, runs `use` with it and removes it. The location must be a store. */
export async function withPrivateDirectory<T>(
  location: string,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await makePrivateDirectory(location);
  try {
    return await use(directory);
  } finally {
    await removeTemporary(directory);
  }
}

async function makePrivateDirectory(location: string): Promise<string> {
  const readers = join(location, 'readers');
  const directory = join(readers, `${process.pid}-${randomInt(MAX_NUMBER)}`);
  try {
    // Not `recursive`, which reports ENOENT for a disk that cannot be written.
    await mkdir(readers).catch((error: { readonly code?: unknown }) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await removeStale(readers);
    await mkdir(directory);
    return directory;
  } catch (error) {
    if (!NO_WRITE_CODES.includes((error as { code?: unknown }).code)) throw error;
  }
  return makeTemporaryDirectory('sstitch-reader-');
}

/** Removes the copies of processes that have ended. */
async function removeStale(readers: string): Promise<void> {
  for (const name of await readdir(readers)) {
    const [, pid] = READER_NAME.exec(name) ?? [];
    if (pid === undefined || isRunning(Number(pid))) continue;
    // It may belong to another user, or another process may remove it.
    await rm(join(readers, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
