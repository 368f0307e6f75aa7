// Finds the files that a command line names: files, the files in directories, pipes and standard input.
import { join } from 'node:path';
import { CliError, usageError } from '../errors.js';
import { FORMAT_ENDINGS, formatOfName } from '../records/sync-format.js';
import { kindOfInput, namesIn } from '../stores/input-path.js';

/** The name of standard input. */
const STANDARD_INPUT = '-';

/** A file to import. */
export interface ImportFile {
  /** The name for messages. */
  readonly name: string;
  /** Undefined for standard input. */
  readonly path: string | undefined;
  /** Whether it can be read more than once and at any offset. */
  readonly isRegular: boolean;
}

/**
 * The files that the words of a command line name, in order. A directory stands for its files whose names say a
 * format, sorted by name.
 * @throws CliError SSTITCH_USAGE, SSTITCH_INPUT_NOT_FOUND, SSTITCH_INPUT_UNFIT
 */
export function importFiles(words: readonly string[]): readonly ImportFile[] {
  if (words.length === 0) throw usageError('name a file to import; - means standard input');
  const files = words.flatMap(filesOf);
  if (files.filter(({ path }) => path === undefined).length > 1) {
    throw usageError('standard input can be read only once: name - once');
  }
  return files;
}

function filesOf(word: string): ImportFile[] {
  if (word === '') throw usageError('the path of the file is empty');
  if (word === STANDARD_INPUT) {
    return [{ name: 'standard input', path: undefined, isRegular: false }];
  }
  const kind = kindOfInput(word);
  if (kind !== 'directory') return [{ name: word, path: word, isRegular: kind === 'file' }];
  const paths = namesIn(word)
    .filter((name) => formatOfName(name) !== undefined)
    .map((name) => join(word, name))
    .filter((path) => kindOfInput(path) === 'file');
  if (paths.length > 0) return paths.map((path) => ({ name: path, path, isRegular: true }));
  throw new CliError(
    'SSTITCH_INPUT_UNFIT',
    `there is no file to import in ${word}: no name ends in ${FORMAT_ENDINGS}`,
  );
}
