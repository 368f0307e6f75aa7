/** Every code a C1zError can have. */
export type C1zErrorCode =
  /** The file is something else; the message names it where it can. */
  | 'SSTITCH_C1Z_NOT_C1Z'
  /** A .c1z file of a format that is not read; the message names the format and its engine. */
  | 'SSTITCH_C1Z_FORMAT_UNSUPPORTED'
  /** The file says something it cannot say: cut off, damaged or made up. */
  | 'SSTITCH_C1Z_CORRUPT'
  /** The file is larger, once decoded, than the options allow. */
  | 'SSTITCH_C1Z_TOO_LARGE'
  /** The file holds no sync of that id. */
  | 'SSTITCH_C1Z_SYNC_NOT_FOUND'
  /** The format that is written cannot hold a record, or not these syncs together; the message says which and why. */
  | 'SSTITCH_C1Z_NOT_REPRESENTABLE'
  /** The reader process gave no sign of life for `stallTimeoutMs`. */
  | 'SSTITCH_C1Z_STALLED'
  /** The reader process could not be started, or broke down over the file. */
  | 'SSTITCH_C1Z_READER_FAILED'
  /** The writer process could not be started, or broke down. */
  | 'SSTITCH_C1Z_WRITER_FAILED'
  /** The file has been closed. */
  | 'SSTITCH_C1Z_CLOSED'
  /** The AbortSignal fired; `cause` has its reason. */
  | 'SSTITCH_ABORTED'
  /** An option has a value it cannot have. */
  | 'SSTITCH_OPTION_INVALID'
  /** The file system said no; `cause` has its error. */
  | 'SSTITCH_FILE_OPERATION';

export interface C1zErrorDetails {
  readonly cause?: unknown;
  /** The file concerned. */
  readonly path?: string | undefined;
  /** The part of it: 'manifest', 'index', a table of an SQLite database, a file of the payload. */
  readonly part?: string | undefined;
  /** The byte in that part, or in the file where no part is named. */
  readonly offset?: number | undefined;
}

/**
 * The one error class of @sstitch/c1z. One of an AbortSignal is named AbortError, as the platform's own are, and has
 * the signal's reason as its cause.
 */
export class C1zError extends Error {
  readonly code: C1zErrorCode;
  /** What is wrong and what to do, without the place. */
  readonly problem: string;
  readonly path: string | undefined;
  readonly part: string | undefined;
  readonly offset: number | undefined;

  constructor(code: C1zErrorCode, problem: string, details: C1zErrorDetails = {}) {
    const { path, part, offset } = details;
    const place = [path, part, offset === undefined ? undefined : `offset ${offset}`];
    const known = path === undefined ? [] : place.filter((each) => each !== undefined);
    super(
      `${problem}${known.length === 0 ? '' : ` (${known.join(', ')})`}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'C1zError';
    this.code = code;
    this.problem = problem;
    this.path = path;
    this.part = part;
    this.offset = offset;
  }
}

/** The error of a signal that has fired. */
export function aborted(path: string, signal: AbortSignal | undefined): C1zError {
  return new C1zError('SSTITCH_ABORTED', 'aborted', { path, cause: signal?.reason });
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
