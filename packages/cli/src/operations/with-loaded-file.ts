// Loads a file of syncs into a store in a temporary directory, because it can be read only in its own order.
import { join } from 'node:path';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import type { CommandContext } from '../command-line/command-context.js';
import { kindOfInput } from '../stores/input-path.js';
import { loadFile } from './load-file.js';
import type { InputZone } from './open-input.js';

/** Runs `use` with the directory of the store. */
export async function withLoadedFile<T>(
  context: CommandContext,
  path: string,
  zone: InputZone | undefined,
  use: (location: string) => Promise<T>,
): Promise<T> {
  const directory = await makeTemporaryDirectory('sstitch-syncs-');
  try {
    const into = join(directory, 'store');
    const file = { name: path, path, isRegular: kindOfInput(path) === 'file' };
    await loadFile(context, file, { into, sync: undefined, as: undefined, zone, wait: 0 });
    return await use(into);
  } finally {
    await removeTemporary(directory);
  }
}
