// The copies of a store's data in its directory other than the current generation.
import { dirname } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { defineTask } from '../threads/task.js';
import { removeStaleReaders } from './reader-directories.js';
import {
  isThere,
  parseGenerationName,
  READERS_DIRECTORY,
  SALVAGED_DIRECTORY,
} from './store-files.js';

/**
 * Removes the private copies of readers whose processes have ended. Returns the directories that remain: past
 * generations, copies in use or of other users, and logs kept by a salvage.
 */
function listOtherCopies(
  fileSystem: FileSystem,
  { current }: { readonly current: string },
): string[] {
  const directory = dirname(current);
  removeStaleReaders(fileSystem, { directory });
  const generations = fileSystem
    .readdir(directory)
    .filter((name) => parseGenerationName(name) !== undefined)
    .map((name) => `${directory}/${name}`)
    .filter((path) => path !== current);
  const readers = `${directory}/${READERS_DIRECTORY}`;
  const copies = isThere(fileSystem, readers)
    ? fileSystem.readdir(readers).map((name) => `${readers}/${name}`)
    : [];
  const salvaged = `${directory}/${SALVAGED_DIRECTORY}`;
  return [...generations, ...copies, ...(isThere(fileSystem, salvaged) ? [salvaged] : [])];
}

export const listOtherCopiesTask = defineTask('listOtherCopies', listOtherCopies);
