// A directory of this process's own inside a store, for copies by links. Its name holds the process id, so that
// the store's owner can remove it once the process has gone. Where the store cannot be written to, the directory
// lies in the system's temporary directory, named the same way.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Far above the numbers that the engine assigns to its own copies. */
const FIRST_NUMBER = 1_000_000;
/** What a system answers where a directory may not be written to. */
const NO_WRITE_CODES: readonly unknown[] = ['EROFS', 'EACCES', 'EPERM'];

let directories = FIRST_NUMBER;

/** Runs `use` with such a directory. The location must be a store. */
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
    // One by one: what `recursive` says of a disk that cannot be written to is ENOENT.
    await mkdir(join(location, 'readers')).catch((error: { readonly code?: unknown }) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await mkdir(directory);
    return directory;
  } catch (error) {
    if (!NO_WRITE_CODES.includes((error as { code?: unknown }).code)) throw error;
  }
  // For the user's eyes alone, as mkdtemp makes it.
  return mkdtemp(join(tmpdir(), `sstitch-reader-${process.pid}-`));
}
