/** The closed set of codes of a {@link PebbleError}. */
export type PebbleErrorCode =
  /** The directory holds no Pebble database, or a file of the database is missing. */
  | 'SSTITCH_PEBBLE_NOT_FOUND'
  /** The bytes of a file contradict its format or themselves. */
  | 'SSTITCH_PEBBLE_CORRUPT'
  /** The database may be valid, but it uses a feature that this package does not read. */
  | 'SSTITCH_PEBBLE_UNSUPPORTED'
  /** A part is larger than a limit allows; the message names the option. */
  | 'SSTITCH_PEBBLE_TOO_LARGE'
  /** An argument is invalid. */
  | 'SSTITCH_PEBBLE_OPTIONS'
  /** The keys of the entries to write are not strictly ascending. */
  | 'SSTITCH_PEBBLE_ORDER'
  /** The directory to write to is not empty. */
  | 'SSTITCH_PEBBLE_TARGET_EXISTS'
  /** The database is closed. */
  | 'SSTITCH_PEBBLE_CLOSED'
  /** The file system failed; `cause` is its error, with Node's `code`. */
  | 'SSTITCH_PEBBLE_IO'
  /** The AbortSignal fired; `cause` is its reason. The error's name is `AbortError`. */
  | 'SSTITCH_ABORTED';

/** The place of a fault. */
export interface Location {
  /** The file that holds the fault. */
  readonly path: string;
  /** The offset, in bytes from the start of the file, of the block, chunk or record that holds the fault. */
  readonly offset?: number | undefined;
}

/** The one error class of this package. The error of an aborted call has the name AbortError, as the platform's own. */
export class PebbleError extends Error {
  /** 'AbortError' for an aborted call, so that generic code recognises it. */
  override readonly name: 'PebbleError' | 'AbortError';
  /** The kind of failure, for code to branch on. */
  readonly code: PebbleErrorCode;
  /** The message without the place, and without the advice to copy the directory again. */
  readonly problem: string;
  /** The file that the error concerns; undefined if it concerns none. */
  readonly path: string | undefined;
  /** The offset in bytes of the block, chunk or record that holds the fault. */
  readonly offset: number | undefined;

  constructor(
    code: PebbleErrorCode,
    problem: string,
    at?: Location,
    cause?: unknown,
    advice?: string,
  ) {
    const place =
      at === undefined
        ? ''
        : ` (${at.path}${at.offset === undefined ? '' : ` at byte ${at.offset}`})`;
    const whole = advice === undefined ? problem : `${problem}: ${advice}`;
    super(`${whole}${place}`, cause === undefined ? undefined : { cause });
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'PebbleError';
    this.code = code;
    this.problem = problem;
    this.path = at?.path;
    this.offset = at?.offset;
  }
}

/** The error for a file with wrong bytes. */
export function corrupt(problem: string, at: Location, cause?: unknown): PebbleError {
  return new PebbleError('SSTITCH_PEBBLE_CORRUPT', problem, at, cause);
}

/** The error for a directory of which a part is missing, or older or newer than the others. */
export function incomplete(
  code: PebbleErrorCode,
  problem: string,
  at: Location,
  cause?: unknown,
): PebbleError {
  return new PebbleError(code, problem, at, cause, 'copy the whole directory again');
}

/** The error for a feature that this package does not read. */
export function unsupported(problem: string, at: Location): PebbleError {
  return new PebbleError('SSTITCH_PEBBLE_UNSUPPORTED', problem, at);
}

/** The error for a part above a limit. */
export function tooLarge(what: string, limit: number, option: string, at: Location): PebbleError {
  const advice = `raise the option ${option} if you trust the file`;
  return new PebbleError(
    'SSTITCH_PEBBLE_TOO_LARGE',
    `${what}, above the limit of ${limit}: ${advice}`,
    at,
  );
}

/** Throws if a signal has fired. @throws PebbleError SSTITCH_ABORTED, whose cause is the signal's reason */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new PebbleError('SSTITCH_ABORTED', 'the operation was aborted', undefined, signal.reason);
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How many characters of a text from a file messages show. */
const SHOWN_CHARACTERS = 100;

/** A text from a file, of any length, as messages show it. */
export function quoted(text: string): string {
  const isLong = text.length > SHOWN_CHARACTERS;
  return JSON.stringify(isLong ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}
