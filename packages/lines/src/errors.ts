/** The closed set of codes of a {@link LinesError}. */
export type LinesErrorCode =
  /** A line, a row or a cell violates the format; `line` and `column` say where. */
  | 'SSTITCH_LINES_INVALID'
  /** The file ends without its last line. Export or copy it again. */
  | 'SSTITCH_LINES_CUT_OFF'
  /** The compressed stream is truncated or damaged. Copy the file again from its origin. */
  | 'SSTITCH_LINES_DAMAGED'
  /** A line, the content of a compressed stream, or the number of things that a sheet names exceeds its limit. */
  | 'SSTITCH_LINES_TOO_LARGE'
  /** The file has a later version of the format. */
  | 'SSTITCH_LINES_VERSION_UNSUPPORTED'
  /** The file holds no record of a requested sync. */
  | 'SSTITCH_LINES_SYNC_NOT_FOUND'
  /** A record cannot be written: its bytes are not a valid message. */
  | 'SSTITCH_LINES_NOT_REPRESENTABLE'
  /** The writer was used after `finish` or `close`, or a stream was read a second time. */
  | 'SSTITCH_LINES_CLOSED'
  /** An option has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** The file system or a stream failed; `cause` is its error. */
  | 'SSTITCH_FILE_OPERATION'
  /** The AbortSignal fired; `cause` is its reason. */
  | 'SSTITCH_ABORTED';

/** The place and the cause of a {@link LinesError}. */
export interface LinesErrorDetails {
  /** The error that caused this one. */
  readonly cause?: unknown;
  /** The path of the file, or the caller's name for the stream. */
  readonly path?: string | undefined;
  /** The line of the file, counted from 1. */
  readonly line?: number | undefined;
  /** The character of the line, counted from 1; in a CSV file, the name of the column. */
  readonly column?: number | string | undefined;
}

/**
 * The one error class of @sstitch/lines. The error of an aborted call has the name AbortError, as the
 * platform's own, and the signal's reason as its cause.
 */
export class LinesError extends Error {
  /** The kind of failure, for code to branch on. */
  readonly code: LinesErrorCode;
  /** The message without the place: what is wrong and what to do. */
  readonly problem: string;
  /** The path of the file, or the caller's name for the stream. */
  readonly path: string | undefined;
  /** The line of the file, counted from 1; undefined if the error concerns no single line. */
  readonly line: number | undefined;
  /** The character of the line, counted from 1; in a CSV file, the name of the column. */
  readonly column: number | string | undefined;

  constructor(code: LinesErrorCode, problem: string, details: LinesErrorDetails = {}) {
    const { path, line, column } = details;
    const place = [
      ...(path === undefined ? [] : [path]),
      ...(line === undefined ? [] : [`line ${line}`]),
      ...(column === undefined ? [] : [`column ${column}`]),
    ].join(', ');
    super(
      place === '' ? problem : `${place}: ${problem}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'LinesError';
    this.code = code;
    this.problem = problem;
    this.path = path;
    this.line = line;
    this.column = column;
  }
}

/** @throws {@link LinesError} SSTITCH_ABORTED once `signal` has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, path: string | undefined): void {
  if (signal?.aborted) {
    throw new LinesError('SSTITCH_ABORTED', 'aborted', { path, cause: signal.reason });
  }
}

/** The message of anything thrown, as a part of a sentence: without a full stop. */
export function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/(?<!\.)\.$/, '');
}

/** Says that a text, found where a sync id belongs, is none. */
export function notSyncId(found: string): string {
  return `${JSON.stringify(found)} is not a sync id, which has 27 letters and digits (a KSUID)`;
}
