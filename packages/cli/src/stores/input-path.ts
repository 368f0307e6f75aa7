// Checks that what a command is to read is there, before anything is made or opened: so that one that is not
// has the same exit code everywhere.
import { existsSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../errors.js';

/** What is at a path: 'stream' is a pipe or a device, which is read once. @throws CliError SSTITCH_INPUT_NOT_FOUND */
export function kindOfInput(path: string): 'file' | 'directory' | 'stream' {
  const status = statusOf('file', path);
  if (status.isDirectory()) return 'directory';
  return status.isFile() ? 'file' : 'stream';
}

/** @throws CliError SSTITCH_INPUT_NOT_FOUND, SSTITCH_INPUT_UNFIT */
export function requireFile(path: string): void {
  if (!statusOf('file', path).isFile()) throw unfit(path, 'is not a file');
}

/** @throws CliError SSTITCH_INPUT_NOT_FOUND, SSTITCH_INPUT_UNFIT */
export function requireDirectory(path: string): void {
  if (!statusOf('directory', path).isDirectory()) throw unfit(path, 'is not a directory');
}

/** A LevelDB directory, by the file that each has. @throws CliError SSTITCH_INPUT_NOT_FOUND, SSTITCH_INPUT_UNFIT */
export function requireDatabase(path: string): void {
  requireDirectory(path);
  if (existsSync(join(path, 'CURRENT'))) return;
  throw new CliError(
    'SSTITCH_INPUT_NOT_FOUND',
    `there is no LevelDB database in ${path}: it has no CURRENT`,
  );
}

function statusOf(what: string, path: string): Stats {
  try {
    return statSync(path);
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
