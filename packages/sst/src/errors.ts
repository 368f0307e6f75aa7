/** Every code an `SstError` can carry. */
export type SstErrorCode =
  /** The bytes of a table contradict its format or themselves. */
  | 'SSTITCH_TABLE_CORRUPT'
  /** A table may be sound, but uses a feature that this package or LevelDB 1.20 does not read. */
  | 'SSTITCH_TABLE_UNSUPPORTED'
  /** An entry was added out of order. */
  | 'SSTITCH_TABLE_ORDER'
  /** An argument is not valid. */
  | 'SSTITCH_TABLE_OPTIONS'
  /** Another writer appended to the file meanwhile. Nothing was overwritten. */
  | 'SSTITCH_TABLE_SHARED'
  /** The file system failed; `cause` is its error, with Node's own `code`. */
  | 'SSTITCH_TABLE_IO';

/** The closed set of reasons of SSTITCH_TABLE_UNSUPPORTED. Not every such error has one. */
export type SstErrorReason =
  /** The file is a table of RocksDB. */
  | 'rocksdb-table'
  /** The file is a table of Pebble. */
  | 'pebble-table'
  /** A block is compressed by other means than snappy. */
  | 'compression';

/** A position in a file. */
export interface TableLocation {
  /** The file, if the bytes are a file's. */
  readonly path?: string | undefined;
  /** The offset in the file, in bytes. For a fault inside a block, the offset of the block. */
  readonly offset?: number | undefined;
}

/** What an {@link SstError} has beside its code, its message and its cause. */
export interface SstErrorDetails extends TableLocation {
  /** Of SSTITCH_TABLE_UNSUPPORTED. */
  readonly reason?: SstErrorReason | undefined;
}

/** The error class of this package. */
export class SstError extends Error {
  /** The class's name, by which callers recognise an error of another copy of the package. */
  override readonly name = 'SstError';
  /** The kind of failure, for code to branch on. */
  readonly code: SstErrorCode;
  /** Which feature a table uses; undefined with other codes, and for other features. */
  readonly reason: SstErrorReason | undefined;
  /** The message without the place. */
  readonly problem: string;
  /** The file concerned; undefined if the bytes are not a file's. */
  readonly path: string | undefined;
  /** The offset in the file, in bytes; for a fault inside a block, the offset of the block. */
  readonly offset: number | undefined;

  constructor(code: SstErrorCode, problem: string, at: SstErrorDetails = {}, cause?: unknown) {
    const place = [
      ...(at.path === undefined ? [] : [at.path]),
      ...(at.offset === undefined ? [] : [`at byte ${at.offset}`]),
    ].join(' ');
    super(
      place === '' ? problem : `${problem} (${place})`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.reason = at.reason;
    this.problem = problem;
    this.path = at.path;
    this.offset = at.offset;
  }
}

/** Makes the error for a corrupt table. */
export function corrupt(problem: string, at: TableLocation): SstError {
  return new SstError('SSTITCH_TABLE_CORRUPT', problem, at);
}

/** Runs a file operation, and wraps its error in an SstError. */
export function fileOperation<T>(doing: string, at: TableLocation, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SstError('SSTITCH_TABLE_IO', `could not ${doing}: ${reason}`, at, cause);
  }
}
