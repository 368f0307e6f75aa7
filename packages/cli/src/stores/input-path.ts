// Checks that the input of a command exists before anything is created or opened, so that a missing input has
// the same exit code in every command.
import { existsSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError, type CliErrorCode } from '../errors.js';
import { requireOutsideStores } from './output-path.js';

/**
 * The kind of the input at a path; a 'stream' is a pipe or a device, which can be read only once.
 *
 * @throws CliError SSTITCH_INPUT_NOT_FOUND
 */
export function kindOfInput(path: string): 'file' | 'directory' | 'stream' {
  const status = statusOf('file', path);
  if (status.isDirectory()) return 'directory';
  return status.isFile() ? 'file' : 'stream';
}

/** Checks that a path is a file. @throws CliError SSTITCH_INPUT_NOT_FOUND, SSTITCH_INPUT_UNFIT */
export function requireFile(path: string): void {
  if (!statusOf('file', path).isFile()) throw unfit(path, 'is not a file: name a file');
}

/** Checks that a path is a directory. @throws CliError SSTITCH_INPUT_NOT_FOUND, SSTITCH_INPUT_UNFIT */
export function requireDirectory(path: string): void {
  if (!statusOf('directory', path).isDirectory())
    throw unfit(path, 'is not a directory: name a directory');
}

/**
 * Checks that a path is a LevelDB directory, by its CURRENT file.
 *
 * @throws CliError SSTITCH_INPUT_NOT_FOUND, SSTITCH_INPUT_UNFIT
 */
export function requireDatabase(path: string): void {
  requireDirectory(path);
  const current = join(path, 'CURRENT');
  if (existsSync(current) && kindOfInput(current) === 'file') return;
  throw new CliError(
    'SSTITCH_INPUT_NOT_FOUND',
    `there is no LevelDB database in ${path}: it has no CURRENT`,
  );
}

/**
 * Checks that a directory can be made at a path: that no file is there, and that it does not lie inside a store.
 *
 * @throws CliError with the code, for a file; SSTITCH_USAGE
 */
export function requireStorePlace(path: string, code: CliErrorCode): void {
  // A store that was made inside another one can still be opened.
  if (!existsSync(join(path, 'CURRENT'))) requireOutsideStores(path);
  let file = path;
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    // Nothing is there, or making the directory reports what is wrong.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') return;
    while (!existsSync(file)) file = dirname(file);
  }
  throw new CliError(code, `${file} is a file: name a directory, or a path where nothing is`);
}

/** The names in a directory, sorted. @throws CliError SSTITCH_INPUT_NOT_FOUND, SSTITCH_FILE_OPERATION */
export function namesIn(directory: string): readonly string[] {
  return readAt('directory', directory, () => readdirSync(directory).sort());
}

function statusOf(what: string, path: string): Stats {
  return readAt(what, path, () => statSync(path));
}

function readAt<T>(what: string, path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new CliError('SSTITCH_INPUT_NOT_FOUND', `the ${what} does not exist: ${path}`, {
        cause,
      });
    }
    throw new CliError('SSTITCH_FILE_OPERATION', `cannot read ${path}: ${message}`, { cause });
  }
}

function unfit(path: string, problem: string): CliError {
  return new CliError('SSTITCH_INPUT_UNFIT', `${path} ${problem}`);
}
