// A folder of this process's own inside a store, for copies by links: named so that the store's owner can
// tell that the process that made it has gone, and removes it then. Where the store cannot be written to, the
// folder lies in the temporary folder, under a name by which the engine tells the same.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Far above the numbers that the engine gives to its own copies. */
const FIRST_NUMBER = 1_000_000;
/** What a system answers where a folder may not be written to. */
const NO_WRITE_CODES: readonly unknown[] = ['EROFS', 'EACCES', 'EPERM'];

let folders = FIRST_NUMBER;

/** Runs `use` with such a folder. The location must be a store. */
export async function withPrivateFolder<T>(
  location: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await makePrivateFolder(location);
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makePrivateFolder(location: string): Promise<string> {
  const folder = join(location, 'readers', `${process.pid}-${++folders}`);
  try {
    // One by one: what `recursive` says of a disk that cannot be written to is ENOENT.
    await mkdir(join(location, 'readers')).catch((error: { readonly code?: unknown }) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await mkdir(folder);
    return folder;
  } catch (error) {
    if (!NO_WRITE_CODES.includes((error as { code?: unknown }).code)) throw error;
  }
  // For the user's eyes alone, as mkdtemp makes it.
  return mkdtemp(join(tmpdir(), `sstitch-reader-${process.pid}-`));
}
