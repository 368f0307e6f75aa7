// Refuses a target directory that lies inside its source. It would be removed: a commit removes past generations with
// all their contents, an open removes what a crash may have left, and LevelDB removes files that it does not list.
import { basename, dirname, resolve } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { parseGenerationName } from './store-files.js';

/** Returns the store's directory for the directory of a generation, or else the database's own. */
export function ownDirectoryOf(databaseDirectory: string): string {
  const name = basename(databaseDirectory);
  return parseGenerationName(name) === undefined ? databaseDirectory : dirname(databaseDirectory);
}

/**
 * Refuses `target` if it is `directory` or lies inside it, with all symbolic links resolved. It need not exist.
 *
 * @param except names of directories in `directory` that `target` may lie in
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
    `the target lies inside its source ${own}: choose a directory outside`,
    { path: target },
  );
}

/** Resolves the part of a path that exists, and appends the names that do not. */
function realPathToBe(fileSystem: FileSystem, path: string): string {
  const whole = resolve(path);
  for (let there = whole; ; there = dirname(there)) {
    try {
      const real = fileSystem.realPath(there);
      return resolve(real, `.${whole.slice(there.length === 1 ? 0 : there.length)}`);
    } catch (error) {
      if (errorCodeOf(error) !== 'ENOENT' || dirname(there) === there) throw error;
    }
  }
}
