// Refuses a target that lies inside the directory that it is made from: a commit removes a generation with all that
// is in it, an open removes what it does not know, and LevelDB what it does not list.
import { resolve } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { parentDirectory } from '../files/place-file.js';
import { parseGenerationName } from './store-files.js';

/** The store's directory, of a generation's; else the database's own. */
export function ownDirectoryOf(databaseDirectory: string): string {
  const name = databaseDirectory.slice(databaseDirectory.lastIndexOf('/') + 1);
  return parseGenerationName(name) === undefined
    ? databaseDirectory
    : parentDirectory(databaseDirectory);
}

/**
 * Refuses `target`, which need not be there, if it is `directory` or lies inside it, by whatever links lead there.
 *
 * @param except names of directories in `directory` that it may lie in
 * @throws EngineError SSTITCH_OPTION_INVALID
 */
export function refuseInside(
  fileSystem: FileSystem,
  target: string,
  directory: string,
  except: readonly string[] = [],
): void {
  const path = realPathToBe(fileSystem, target);
  const own = realPathToBe(fileSystem, directory);
  const isIn = (outer: string) => path.startsWith(`${outer}/`);
  if (path !== own && !isIn(own)) return;
  if (except.some((name) => path === `${own}/${name}` || isIn(`${own}/${name}`))) return;
  throw new EngineError(
    'SSTITCH_OPTION_INVALID',
    `the target lies inside ${own}, of which it is to hold a copy: choose a directory outside`,
    { path: target },
  );
}

/** The real path of what is there, with the names that are not. */
function realPathToBe(fileSystem: FileSystem, path: string): string {
  const whole = resolve(path);
  for (let there = whole; ; there = parentDirectory(there)) {
    try {
      const real = fileSystem.realPath(there);
      return resolve(real, `.${whole.slice(there.length === 1 ? 0 : there.length)}`);
    } catch (error) {
      if (errorCodeOf(error) !== 'ENOENT' || parentDirectory(there) === there) throw error;
    }
  }
}
