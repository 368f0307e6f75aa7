// Makes the files that turn a directory with a first generation into a store.

import { dirname } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { unlinkIfThere } from '../files/place-file.js';
import { writeNewFile } from '../leveldb/manifest.js';
import { defineTask } from '../threads/task.js';
import { preparePointer, swapPointer } from './current-pointer.js';
import {
  CURRENT_FILE,
  CURRENT_TEMPORARY_FILE,
  FORMAT_FILE,
  fsyncGeneration,
  generationName,
  STORE_FORMAT,
} from './store-files.js';

export interface CreateStoreInput {
  readonly directory: string;
  readonly generation: number;
  readonly writtenBy: string;
}

/** Turns a directory that holds a first generation into a store: writes FORMAT, then CURRENT. */
export function createStoreFiles(fileSystem: FileSystem, input: CreateStoreInput): void {
  const { directory, generation } = input;
  fsyncGeneration(fileSystem, { directory: `${directory}/${generationName(generation)}` });
  unlinkIfThere(fileSystem, `${directory}/${FORMAT_FILE}`);
  writeNewFile(
    fileSystem,
    `${directory}/${FORMAT_FILE}`,
    Buffer.from(`sstitch store ${STORE_FORMAT}\nwritten by ${input.writtenBy}\n`, 'latin1'),
  );
  fileSystem.fsyncDir(directory);
  fileSystem.fsyncDir(dirname(directory));
  preparePointer(fileSystem, { directory, generation });
  swapPointer(fileSystem, { directory });
}

export const createStoreFilesTask = defineTask('createStoreFiles', createStoreFiles);

/** Returns the paths of the files that `createStoreFiles` makes, CURRENT last. */
export function storePointerPaths(directory: string): string[] {
  return [FORMAT_FILE, CURRENT_TEMPORARY_FILE, CURRENT_FILE].map((name) => `${directory}/${name}`);
}
