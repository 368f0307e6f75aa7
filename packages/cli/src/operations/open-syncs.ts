// Opens what holds syncs to read them: a store, or a file of syncs of any format, which is loaded into a store of its
// own in a temporary directory, as a file can be read in its own order alone.
import { join } from 'node:path';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '@sstitch/c1z/temporary-directory';
import type { CommandContext } from '../command-line/command-context.js';
import { kindOfInput } from '../stores/input-path.js';
import { type ByteReader, withReader } from '../stores/open-store.js';
import { loadFile } from './load-file.js';

/** Whether a path is read as a file of syncs. @throws CliError SSTITCH_INPUT_NOT_FOUND */
function isSyncFile(path: string): boolean {
  return kindOfInput(path) !== 'directory';
}

/**
 * Runs `use` with a view of the syncs at a path.
 *
 * @param zone the time zone of times in a .c1z file that name none; stores know none
 * @throws CliError SSTITCH_INPUT_NOT_FOUND; what reading a file and opening a store throws
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

/** Runs `use` with the directory of a store that holds the syncs at a path; as {@link withSyncs}. */
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
