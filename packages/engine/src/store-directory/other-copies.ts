// The copies of a store's data in its directory other than the current generation.
import { dirname } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { defineTask } from '../threads/task.js';
import {
  isThere,
  parseGenerationName,
  READERS_DIRECTORY,
  RECOVERED_DIRECTORY,
  RECOVERY_DIRECTORY,
  SALVAGED_DIRECTORY,
} from './store-files.js';

/** The directories of logs that a salvage kept, and of those that an open left because it found the store locked. */
const LOG_DIRECTORIES = [SALVAGED_DIRECTORY, RECOVERY_DIRECTORY, RECOVERED_DIRECTORY];

/** Returns the directories of past generations, of readers' copies and of logs. */
function listOtherCopies(
  fileSystem: FileSystem,
  { current }: { readonly current: string },
): string[] {
  const directory = dirname(current);
  const generations = fileSystem
    .readdir(directory)
    .filter((name) => parseGenerationName(name) !== undefined)
    .map((name) => `${directory}/${name}`)
    .filter((path) => path !== current);
  const readers = `${directory}/${READERS_DIRECTORY}`;
  const copies = isThere(fileSystem, readers)
    ? fileSystem.readdir(readers).map((name) => `${readers}/${name}`)
    : [];
  const logs = LOG_DIRECTORIES.map((name) => `${directory}/${name}`);
  return [...generations, ...copies, ...logs.filter((path) => isThere(fileSystem, path))];
}

export const listOtherCopiesTask = defineTask('listOtherCopies', listOtherCopies);
