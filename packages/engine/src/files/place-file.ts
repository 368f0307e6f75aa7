// Links, moves and copies files, and removes directory trees.
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { fsyncAndClose } from './fsync-and-close.js';

/** The limit of repeated attempts to remove a directory. */
const MAX_REMOVE_ROUNDS = 10;

/** How a file was placed under a new name. */
export type Placement = 'linked' | 'copied';

/**
 * The error codes of a link that is not possible: another device (EXDEV), too many links (EMLINK), a policy or a file
 * system without links (EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS).
 */
const NO_LINK_CODES = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Links `existing` to `path`. If links are not possible, copies it, as a clone if the file system can. */
export function linkOrCopy(fileSystem: FileSystem, existing: string, path: string): Placement {
  try {
    fileSystem.link(existing, path);
    return 'linked';
  } catch (error) {
    if (!NO_LINK_CODES.has(errorCodeOf(error) ?? '')) throw error;
  }
  copyDurably(fileSystem, existing, path);
  return 'copied';
}

/** Renames `existing` to `path`. On different file systems, copies and unlinks it. */
export function moveOrCopy(fileSystem: FileSystem, existing: string, path: string): Placement {
  try {
    fileSystem.rename(existing, path);
    return 'linked';
  } catch (error) {
    if (errorCodeOf(error) !== 'EXDEV') throw error;
  }
  copyDurably(fileSystem, existing, path);
  fileSystem.unlink(existing);
  return 'copied';
}

/** Copies a file and fsyncs the copy, but not its directory. */
function copyDurably(fileSystem: FileSystem, existing: string, path: string): void {
  fsyncAndClose(fileSystem.copy(existing, path));
}

/** Unlinks a file if it exists. */
export function unlinkIfThere(fileSystem: FileSystem, path: string): void {
  try {
    fileSystem.unlink(path);
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * Removes a directory and its contents, if it exists. Does not follow symbolic links.
 *
 * @param rounds how often to list a directory again into which another process puts a file meanwhile
 */
export function removeTree(
  fileSystem: FileSystem,
  directory: string,
  rounds = MAX_REMOVE_ROUNDS,
): void {
  let names: string[];
  try {
    if (fileSystem.status(directory).kind !== 'directory') {
      // A symbolic link: remove it, but not its target.
      fileSystem.unlink(directory);
      return;
    }
    names = fileSystem.readdir(directory);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return;
    throw error;
  }
  for (const name of names) {
    const path = `${directory}/${name}`;
    try {
      fileSystem.unlink(path);
    } catch (error) {
      const code = errorCodeOf(error);
      // For a directory, unlink fails with EISDIR on Linux and EPERM on macOS.
      if (code === 'EISDIR' || code === 'EPERM') removeTree(fileSystem, path);
      else if (code !== 'ENOENT') throw error;
    }
  }
  try {
    fileSystem.removeDirectory(directory);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'ENOENT') return;
    // A process that looks for the copies of ended readers makes the file LOCK for a moment.
    if (rounds === 0 || (code !== 'ENOTEMPTY' && code !== 'EEXIST')) throw error;
    removeTree(fileSystem, directory, rounds - 1);
  }
}
