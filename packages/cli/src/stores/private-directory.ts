// A private directory of this process inside a store, for hard-linked copies. Its name holds the process id, so
// that the store's owner can remove it after the process has ended. If the store cannot be written, the
// directory is created in the system's temporary directory, named the same way.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The first number of a directory, far above those that the engine assigns to its own copies. */
const FIRST_NUMBER = 1_000_000;
/** The error codes of a directory that cannot be written. */
const NO_WRITE_CODES: readonly unknown[] = ['EROFS', 'EACCES', 'EPERM'];

let directories = FIRST_NUMBER;

/** Creates a private directory, runs `use` with it and removes it. The location must be a store. */
export async function withPrivateDirectory<T>(
  location: string,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await makePrivateDirectory(location);
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function makePrivateDirectory(location: string): Promise<string> {
  const directory = join(location, 'readers', `${process.pid}-${++directories}`);
  try {
    // Not `recursive`, which reports ENOENT for a disk that cannot be written.
    await mkdir(join(location, 'readers')).catch((error: { readonly code?: unknown }) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await mkdir(directory);
    return directory;
  } catch (error) {
    if (!NO_WRITE_CODES.includes((error as { code?: unknown }).code)) throw error;
  }
  // mkdtemp makes the directory accessible only to the user.
  return mkdtemp(join(tmpdir(), `sstitch-reader-${process.pid}-`));
}
