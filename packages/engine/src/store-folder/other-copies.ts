// What a store's folder holds of its data beside the generation in force.
import type { FileSystem } from '@sstitch/sst';
import { parentFolder, removeTree } from '../files/place-file.js';
import { defineTask } from '../threads/task.js';
import { listStaleReaders } from './reader-folders.js';
import { isThere, parseGenerationName, READERS_FOLDER, SALVAGED_FOLDER } from './store-files.js';

/**
 * Removes the private copies of readers whose processes are gone; gives the folders that are left: past
 * generations, copies that are read, and what a salvage has kept.
 */
export function listOtherCopies(
  fileSystem: FileSystem,
  { current }: { readonly current: string },
): string[] {
  const folder = parentFolder(current);
  for (const name of listStaleReaders(fileSystem, { folder })) {
    removeTree(fileSystem, `${folder}/${READERS_FOLDER}/${name}`);
  }
  const generations = fileSystem
    .readFolder(folder)
    .filter((name) => parseGenerationName(name) !== undefined)
    .map((name) => `${folder}/${name}`)
    .filter((path) => path !== current);
  const readers = `${folder}/${READERS_FOLDER}`;
  const copies = isThere(fileSystem, readers)
    ? fileSystem.readFolder(readers).map((name) => `${readers}/${name}`)
    : [];
  const salvaged = `${folder}/${SALVAGED_FOLDER}`;
  return [...generations, ...copies, ...(isThere(fileSystem, salvaged) ? [salvaged] : [])];
}

export const listOtherCopiesTask = defineTask('listOtherCopies', listOtherCopies);
