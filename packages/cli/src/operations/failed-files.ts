// What a command reports on the files that it could not import, of several.
import { type ErrorReport, reportOf } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';
import { formatCountOf } from '../output/quantities.js';

/** The error of a file, as --json prints it. */
export type FileError = Pick<ErrorReport, 'code' | 'message' | 'exitCode'>;

export function fileErrorOf(error: unknown): FileError {
  const { code, message, exitCode } = reportOf(error);
  return { code, message, exitCode };
}

/**
 * The error of a command that imported only some of several files: that of the first. It is not wrong usage, after which
 * nothing was touched, if another file was read without an error.
 *
 * @returns undefined if there is none
 */
export function errorOfFiles(errors: readonly FileError[], files: number): ErrorReport | undefined {
  const [first] = errors;
  if (first === undefined) return undefined;
  const were = errors.length === 1 ? 'was' : 'were';
  const message = `${errors.length} of ${formatCountOf(files, 'file')} ${were} not imported`;
  const isUsage = first.exitCode === EXIT_CODES.usage && errors.length < files;
  const exitCode = isUsage ? EXIT_CODES.failed : first.exitCode;
  return { ...first, message, exitCode, path: undefined };
}
