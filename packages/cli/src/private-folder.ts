// A folder of this process's own inside a store, for copies by links: named so that the store's owner can
// tell that the process that made it has gone, and removes it then.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Far above the numbers that the engine gives to its own copies. */
const FIRST_NUMBER = 1_000_000;

let folders = FIRST_NUMBER;

/** Runs `use` with such a folder. The location must be a store. */
export async function withPrivateFolder<T>(
  location: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(location, 'readers', `${process.pid}-${++folders}`);
  await mkdir(folder, { recursive: true });
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
