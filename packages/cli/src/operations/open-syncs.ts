// Opens a store or a file of syncs for reading. A file is first loaded into a store in a temporary directory,
// because it can be read only in its own order.
import { join } from 'node:path';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '@sstitch/c1z/temporary-directory';
import type { CommandContext } from '../command-line/command-context.js';
import { isClusterName } from '../command-line/store-name.js';
import { kindOfInput } from '../stores/input-path.js';
import { type ByteReader, withReader } from '../stores/open-store.js';
import { loadFile } from './load-file.js';

/** Whether a path is a file of syncs. @throws CliError SSTITCH_INPUT_NOT_FOUND */
function isSyncFile(path: string): boolean {
  return !isClusterName(path) && kindOfInput(path) !== 'directory';
}

/**
 * Runs `use` with a reader of the syncs at a path.
 *
 * @param zone the time zone of the times in a .c1z file without zones; not used for a store
 * @throws CliError SSTITCH_INPUT_NOT_FOUND; the errors of reading a file and opening a store
 */
export function withSyncs<T>(
  context: CommandContext,
  path: string,
  zone: string | undefined,
  use: (reader: ByteReader) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  return withStoreOf(context, path, zone, (location) => withReader(location, use, { signal }));
}

/** Like {@link withSyncs}, but runs `use` with the name of the store. */
export async function withStoreOf<T>(
  context: CommandContext,
  path: string,
  zone: string | undefined,
  use: (location: string) => Promise<T>,
): Promise<T> {
  if (!isSyncFile(path)) return use(path);
  const directory = await makeTemporaryDirectory('sstitch-syncs-');
  try {
    const into = join(directory, 'store');
    const file = { name: path, path, isRegular: kindOfInput(path) === 'file' };
    await loadFile(context, file, { into, sync: undefined, as: undefined, zone, wait: 0 });
    return await use(into);
  } finally {
    await removeTemporaryDirectory(directory);
  }
}
