/** The closed set of codes of a {@link C1zError}. */
export type C1zErrorCode =
  /** The file is not a .c1z file; the message names its kind if it is known. */
  | 'SSTITCH_C1Z_NOT_C1Z'
  /** The .c1z file has an unsupported format; the message names the format and its engine. */
  | 'SSTITCH_C1Z_FORMAT_UNSUPPORTED'
  /** The file is truncated, damaged or forged. */
  | 'SSTITCH_C1Z_CORRUPT'
  /** The decoded file is larger than the options allow. */
  | 'SSTITCH_C1Z_TOO_LARGE'
  /** The file does not hold the sync. */
  | 'SSTITCH_C1Z_SYNC_NOT_FOUND'
  /** The format to write cannot hold a record, or these syncs together; the message says which and why. */
  | 'SSTITCH_C1Z_NOT_REPRESENTABLE'
  /** The reader process did not respond for `stallTimeoutMs`. */
  | 'SSTITCH_C1Z_STALLED'
  /** The reader process could not be started, or crashed. */
  | 'SSTITCH_C1Z_READER_FAILED'
  /** The writer process could not be started, or crashed. */
  | 'SSTITCH_C1Z_WRITER_FAILED'
  /** The file is closed. */
  | 'SSTITCH_C1Z_CLOSED'
  /** The AbortSignal fired; `cause` is its reason. */
  | 'SSTITCH_ABORTED'
  /** An option has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** The file system failed; `cause` is its error. */
  | 'SSTITCH_FILE_OPERATION';

/** The facts that a {@link C1zError} carries besides its message. */
export interface C1zErrorDetails {
  /** The error that caused this one. */
  readonly cause?: unknown;
  /** The path of the file. */
  readonly path?: string | undefined;
  /** The part of the file: 'manifest', 'index', a table of an SQLite database, a file of the payload. */
  readonly part?: string | undefined;
  /** The offset in bytes in that part, or in the file if no part is named. */
  readonly offset?: number | undefined;
}

/**
 * The one error class of @sstitch/c1z. The error of an aborted call has the name AbortError, as the platform's
 * own, and the signal's reason as its cause.
 */
export class C1zError extends Error {
  /** The kind of failure, for code to branch on. */
  readonly code: C1zErrorCode;
  /** The message without the place: what is wrong and what to do. */
  readonly problem: string;
  /** The path of the file; undefined if the error concerns no file. */
  readonly path: string | undefined;
  /** The part of the file: 'manifest', 'index', a table of an SQLite database, or a file of the payload. */
  readonly part: string | undefined;
  /** The offset in bytes in that part, or in the file if no part is named. */
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

/** The message of anything thrown, as a part of a sentence: without a full stop. */
export function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/(?<!\.)\.$/, '');
}
