/** The closed set of codes a {@link LinesError} carries. */
export type LinesErrorCode =
  /** A line, a row or a cell is not what the format says; `line` and `column` say where. */
  | 'SSTITCH_LINES_INVALID'
  /** The file ends without its last line. Export or copy it again. */
  | 'SSTITCH_LINES_CUT_OFF'
  /** The compressed stream is cut off or damaged. Copy the file again from where it was written. */
  | 'SSTITCH_LINES_DAMAGED'
  /** A line or what a compressed stream holds is over its limit. */
  | 'SSTITCH_LINES_TOO_LARGE'
  /** The file is of a later version of the format. */
  | 'SSTITCH_LINES_VERSION_UNSUPPORTED'
  /** The file holds no record of a sync that was asked for. */
  | 'SSTITCH_LINES_SYNC_NOT_FOUND'
  /** A record cannot be written: its bytes are no message. */
  | 'SSTITCH_LINES_NOT_REPRESENTABLE'
  /** Written to after `finish` or `close`, or a stream read for the second time. */
  | 'SSTITCH_LINES_CLOSED'
  /** An option has a value it cannot have. */
  | 'SSTITCH_OPTION_INVALID'
  /** The file system or a stream said no; `cause` has its error. */
  | 'SSTITCH_FILE_OPERATION'
  /** The AbortSignal fired; `cause` has its reason. */
  | 'SSTITCH_ABORTED';

/** What a {@link LinesError} knows besides what is wrong. */
export interface LinesErrorDetails {
  readonly cause?: unknown;
  /** The file, or what the caller named the stream. */
  readonly path?: string | undefined;
  /** The line of the file, from 1. */
  readonly line?: number | undefined;
  /** The character of the line, from 1; of a CSV file, the name of the column. */
  readonly column?: number | string | undefined;
}

/**
 * The one error class of @sstitch/lines. One of an AbortSignal is named AbortError, as the platform's own are, and
 * has the signal's reason as its cause.
 */
export class LinesError extends Error {
  readonly code: LinesErrorCode;
  /** What is wrong and what to do, without the place. */
  readonly problem: string;
  readonly path: string | undefined;
  readonly line: number | undefined;
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

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
