// Reports which of several files a command could not import.
import { type ErrorReport, isDoubt, reportOf } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';
import { formatCountOf } from '../output/quantities.js';

/** The error of a file, as --json prints it. */
export type FileError = Pick<ErrorReport, 'code' | 'message' | 'exitCode'>;

export function fileErrorOf(error: unknown): FileError {
  const { code, message, exitCode } = reportOf(error);
  return { code, message, exitCode };
}

/**
 * Says that a file was not imported, unless it is unknown whether its commit took effect, and why.
 *
 * @param next what happens to the file next, such as `, will be retried` @defaultValue nothing
 */
export function failureText(file: string, { code, message }: FileError, next = ''): string {
  const what = isDoubt(code) ? 'perhaps imported' : 'not imported';
  // The errors of reading a file name it, others do not.
  return `${what}${next}: ${message.includes(file) ? '' : `${file}: `}${message}`;
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
  const what = errors.some(({ code }) => isDoubt(code))
    ? 'may not have been imported'
    : `${were} not imported`;
  const message = `${errors.length} of ${formatCountOf(files, 'file')} ${what}`;
  const isUsage = first.exitCode === EXIT_CODES.usage && errors.length < files;
  const exitCode = isUsage ? EXIT_CODES.failed : first.exitCode;
  return { ...first, message, exitCode, path: undefined };
}
