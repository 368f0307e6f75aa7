// Writes the files of a database to a directory, and removes them if that fails.

import { dirname, join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { PebbleError } from '../errors.js';
import type { FileSink } from '../file-sink.js';
import { codeOf, ioError } from '../input-file.js';
import type { WritableFileSystem } from '../write-options.js';

/** A sink that writes to a directory. */
export interface DirectorySink {
  readonly sink: FileSink;
  /** Forces the directory to stable storage, after the files. */
  finish(): void;
  /** Removes what was created. Ignores what cannot be removed: the caller reports why the writing failed. */
  remove(): void;
}

/**
 * Creates the directory unless it exists and is empty.
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
      } catch (error) {
        tryTo(() => file.close());
        throw error;
      }
      file.close();
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

/** Creates the directory; returns whether it did not exist before. */
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
    // The first failure is reported; this one adds nothing.
  }
}
