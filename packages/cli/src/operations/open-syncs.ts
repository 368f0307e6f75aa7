// Opens a store or a file of syncs for reading.
import { existsSync } from 'node:fs';
import type { CommandContext } from '../command-line/command-context.js';
import { isClusterName } from '../command-line/store-name.js';
import { kindOfInput } from '../stores/input-path.js';
import { type ByteReader, withReader } from '../stores/open-store.js';
import type { InputZone } from './open-input.js';

/** Whether a path is a file of syncs. A path where nothing is counts as a store, which opening it reports. */
export function isSyncFile(path: string): boolean {
  return !isClusterName(path) && existsSync(path) && kindOfInput(path) !== 'directory';
}

/**
 * Runs `use` with a reader of the syncs at a path.
 *
 * @param zone the time zone of the times in a .c1z file without zones; not used for a store
 * @throws the errors of reading a file and opening a store
 */
export function withSyncs<T>(
  context: CommandContext,
  path: string,
  zone: InputZone | undefined,
  use: (reader: ByteReader) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  return withStoreOf(context, path, zone, (location) => withReader(location, use, { signal }));
}

/** Like {@link withSyncs}, but runs `use` with the name of the store. */
export async function withStoreOf<T>(
  context: CommandContext,
  path: string,
  zone: InputZone | undefined,
  use: (location: string) => Promise<T>,
): Promise<T> {
  if (!isClusterName(path) && !existsSync(path)) {
    // Most paths exist, and the module is slow to load.
    const { refuseMissingFile } = await import('./not-a-store.js');
    refuseMissingFile(path);
  }
  if (!isSyncFile(path)) return use(path);
  // Most commands read stores, and the readers of files are slow to load.
  const { withLoadedFile } = await import('./with-loaded-file.js');
  return withLoadedFile(context, path, zone, use);
}
