/** Every code an `SstError` can carry. */
export type SstErrorCode =
  /** The bytes of a table contradict its format or themselves. */
  | 'SSTITCH_TABLE_CORRUPT'
  /** A table may be whole, but uses something that this package (or LevelDB 1.20) does not read. */
  | 'SSTITCH_TABLE_UNSUPPORTED'
  /** An entry was added that does not follow the one before it. */
  | 'SSTITCH_TABLE_ORDER'
  /** An argument is not valid. */
  | 'SSTITCH_TABLE_OPTIONS'
  /** Somebody else appended to a file meanwhile. Nothing was overwritten. */
  | 'SSTITCH_TABLE_SHARED'
  /** The file system failed; `cause` is its error, with Node's own `code`. */
  | 'SSTITCH_TABLE_IO';

/** Where in which file something was found. */
export interface TableLocation {
  readonly path?: string | undefined;
  /** In bytes from the start of the file; of the block, where the fault lies inside one. */
  readonly offset?: number | undefined;
}

/** The one error class of this package. */
export class SstError extends Error {
  override readonly name = 'SstError';
  readonly code: SstErrorCode;
  readonly path: string | undefined;
  readonly offset: number | undefined;

  constructor(code: SstErrorCode, problem: string, at: TableLocation = {}, cause?: unknown) {
    const place = [
      ...(at.path === undefined ? [] : [at.path]),
      ...(at.offset === undefined ? [] : [`at byte ${at.offset}`]),
    ].join(' ');
    super(
      place === '' ? problem : `${problem} (${place})`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.path = at.path;
    this.offset = at.offset;
  }
}

/** A table whose bytes are wrong. */
export function corrupt(problem: string, at: TableLocation): SstError {
  return new SstError('SSTITCH_TABLE_CORRUPT', problem, at);
}

/** Runs one file operation; what it throws is wrapped, its own error kept as `cause`. */
export function fileOperation<T>(doing: string, at: TableLocation, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SstError('SSTITCH_TABLE_IO', `could not ${doing}: ${reason}`, at, cause);
  }
}
