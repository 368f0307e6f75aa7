// A private directory of this process inside a store, for hard-linked copies. Its name is that of a reader's directory
// (readers/<namespace>-<process id>-<random>): the store's owner and the next reader remove it after the process has
// ended. If the store cannot be written, the directory is created in the system's temporary directory.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';

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
  try {
    // Not `recursive`, which reports ENOENT for a disk that cannot be written.
    await mkdir(readers).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    return await makeTemporaryDirectory('', readers);
  } catch (error) {
    const { cause = error } = error as Error;
    if (!NO_WRITE_CODES.includes((cause as NodeJS.ErrnoException).code)) throw error;
  }
  return makeTemporaryDirectory('sstitch-reader-');
}
