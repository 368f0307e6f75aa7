// Writes the files of a database to a directory, and takes them away again if that fails.

import { dirname, join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import type { FileSink } from './database-file.js';
import { PebbleError } from './errors.js';
import { codeOf, ioError } from './input-file.js';
import type { WritableFileSystem } from './write-options.js';

/** A directory that is being written. */
export interface DirectorySink {
  readonly sink: FileSink;
  /** Returns when the names of the files are on stable storage, as the files are. */
  finish(): void;
  /** Removes what was made. What cannot be removed stays: the caller reports why the writing failed. */
  remove(): void;
}

/**
 * Makes the directory unless it is there and empty.
 *
 * @throws PebbleError `SSTITCH_PEBBLE_TARGET_EXISTS`, `SSTITCH_PEBBLE_IO`
 */
export function directorySink(
  path: string,
  fileSystem: WritableFileSystem = nodeFileSystem,
): DirectorySink {
  const isNew = makeDirectory(fileSystem, path);
  const made: string[] = [];
  const sink: FileSink = ({ name, chunks }) => {
    const filePath = join(path, name);
    fileOperation(filePath, () => {
      const file = fileSystem.open(filePath, 'create');
      made.push(filePath);
      try {
        for (const chunk of chunks) file.write(chunk);
        file.sync();
      } finally {
        file.close();
      }
    });
  };
  const finish = () => {
    fileOperation(path, () => fileSystem.fsyncDir(path));
    if (isNew) fileOperation(path, () => fileSystem.fsyncDir(dirname(path)));
  };
  const remove = () => {
    for (const file of made) tryTo(() => fileSystem.unlink(file));
    if (isNew) tryTo(() => fileSystem.removeDirectory(path));
  };
  return { sink, finish, remove };
}

/** Whether the directory was not there before. */
function makeDirectory(fileSystem: WritableFileSystem, path: string): boolean {
  try {
    fileSystem.mkdir(path);
    return true;
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw ioError(path, cause);
    const names = fileOperation(path, () => fileSystem.readdir(path));
    if (names.length === 0) return false;
    throw new PebbleError(
      'SSTITCH_PEBBLE_TARGET_EXISTS',
      'the directory is not empty: name a new one',
      { path },
    );
  }
}

function fileOperation<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    throw ioError(path, cause);
  }
}

function tryTo(operation: () => void): void {
  try {
    operation();
  } catch {
    // What is left says nothing that the first failure does not.
  }
}
