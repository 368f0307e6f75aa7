// Gives a file a second name, or moves it, or copies it where links do not work.
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { syncAndClose } from './sync-and-close.js';

/** How a file came to its place. */
export type Placement = 'linked' | 'copied';

/**
 * What a file system answers that has no hard links here: another device (EXDEV), too many names
 * (EMLINK), a policy or a file system without links (EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS).
 */
const NO_LINK_CODES = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Gives `existing` the further name `path`; copies (as a clone where possible) where that fails. */
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

/** Moves a file, by rename where both places share a file system. */
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

/** Copies a file and returns when the copy is on stable storage; its name is not yet. */
export function copyDurably(fileSystem: FileSystem, existing: string, path: string): void {
  syncAndClose(fileSystem.copy(existing, path));
}

/** Unlinks a file that may be gone already. */
export function unlinkIfThere(fileSystem: FileSystem, path: string): void {
  try {
    fileSystem.unlink(path);
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
  }
}

/** Removes a directory and all that is in it; what is gone already is no error. Links are not followed. */
export function removeTree(fileSystem: FileSystem, directory: string): void {
  let names: string[];
  try {
    if (fileSystem.status(directory).kind !== 'directory') {
      // A link: what it leads to is not ours.
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
      // Linux says EISDIR of a directory, POSIX and macOS EPERM.
      if (code === 'EISDIR' || code === 'EPERM') removeTree(fileSystem, path);
      else if (code !== 'ENOENT') throw error;
    }
  }
  try {
    fileSystem.removeDirectory(directory);
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
  }
}

/** The directory that a path lies in. */
export function parentDirectory(path: string): string {
  const split = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return split < 0 ? '.' : split === 0 ? path.slice(0, 1) : path.slice(0, split);
}
