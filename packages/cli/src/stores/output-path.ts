// Checks a place to write before anything is opened: it must not be what is read, nor lie in the directory of a
// store, which removes files that are not its own, or of another database.
import { type BigIntStats, closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { usageError } from '../errors.js';

/** The files that mark a directory, by their first bytes. */
const MARKS = [
  { name: 'FORMAT', head: /^sstitch store \d/, of: 'store' },
  { name: 'CURRENT', head: /^gen-\d/, of: 'store' },
  { name: 'CURRENT', head: /^MANIFEST-\d/, of: 'database' },
] as const;
const HEAD_BYTES = 16;

/**
 * Checks that a file is not the input, by another path or link either.
 *
 * @param path where nothing may be yet
 * @throws CliError SSTITCH_USAGE
 */
export function requireOtherFile(path: string, input: string): void {
  const file = statusOf(path);
  const read = statusOf(input);
  if (file === undefined || file.ino !== read?.ino || file.dev !== read.dev) return;
  throw usageError(`${path} is the file that is read: write to another one`);
}

/** The status of a file; undefined if there is none or it cannot be reached. Reading or writing it reports the error. */
function statusOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/**
 * Checks that a path, where nothing may be yet, does not lie in the directory of a store or another database, with
 * all links resolved.
 *
 * @throws CliError SSTITCH_USAGE
 */
export function requireOutsideStores(path: string): void {
  let found: string | undefined;
  // The outermost one: a generation of a store is a database, too.
  for (const directory of directoriesOver(realPathToBe(path))) {
    const mark = MARKS.find(({ name, head }) => head.test(headOf(join(directory, name))));
    if (mark !== undefined) found = `the ${mark.of} ${directory}`;
  }
  if (found !== undefined) throw usageError(`${path} lies inside ${found}: choose a place outside`);
}

/** The directories that hold a path, the nearest first. */
function* directoriesOver(path: string): Generator<string, void, undefined> {
  for (let at = path; dirname(at) !== at; at = dirname(at)) yield dirname(at);
}

/**
 * Resolves the links of the part of a path that exists. A file that is renamed to the result replaces what a link leads
 * to, and not the link.
 */
export function realPathToBe(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const parent = dirname(whole);
    return parent === whole ? whole : join(realPathToBe(parent), basename(whole));
  }
}

/** The first bytes of a file; '' if there is none that can be read. */
export function headOf(path: string): string {
  let file: number | undefined;
  try {
    if (!statSync(path).isFile()) return '';
    file = openSync(path, 'r');
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, HEAD_BYTES, 0));
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
