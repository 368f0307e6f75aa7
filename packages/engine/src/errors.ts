/** Every code an EngineError can have. */
export type EngineErrorCode =
  /** The store or the directory does not exist, and the call does not create it. */
  | 'SSTITCH_STORE_NOT_FOUND'
  /** The store exists, and `errorIfExists` is set. */
  | 'SSTITCH_STORE_EXISTS'
  /** This process or another one has the store open. The code is Level's, so that Level users recognise it. */
  | 'LEVEL_LOCKED'
  /** The directory holds something that is not a store, or a store of an unknown format. */
  | 'SSTITCH_STORE_FORMAT'
  /** A file of the store is damaged, missing, or inconsistent with the others. */
  | 'SSTITCH_STORE_CORRUPT'
  /** An fsync failed, or LevelDB could not begin a log. What is on disk is unknown until the store is reopened. */
  | 'SSTITCH_STORE_POISONED'
  /** The store is open read-only. */
  | 'SSTITCH_STORE_READ_ONLY'
  /** The store is not open, or is closing. */
  | 'SSTITCH_STORE_CLOSED'
  /** Spans are inverted, overlap or are out of order. */
  | 'SSTITCH_SPANS_INVALID'
  /** Tables are corrupt, reach outside their span, or are out of order. */
  | 'SSTITCH_TABLES_INVALID'
  /** Entries are out of order, repeat a key, lie outside the spans, or are not bytes. */
  | 'SSTITCH_ENTRIES_INVALID'
  /** An option or an argument has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** A file operation failed; `cause` is the file system's error. */
  | 'SSTITCH_FILE_OPERATION'
  /** LevelDB failed; `cause` is its error. */
  | 'SSTITCH_LEVELDB'
  /** The target directory of a checkpoint or an adoption is not empty, or that of an extract exists. */
  | 'SSTITCH_TARGET_EXISTS'
  /** The AbortSignal fired before the commit; `cause` is its reason. The error's name is `AbortError`. */
  | 'SSTITCH_ABORTED';

/** The closed set of reasons. Errors with SSTITCH_FILE_OPERATION have the last one, SSTITCH_STORE_FORMAT the others. */
export type EngineErrorReason =
  /** The path is that of a file. */
  | 'not-a-directory'
  /** The directory is a LevelDB database, which `adopt` takes. */
  | 'leveldb-database'
  /** The directory is a database that LevelDB does not read: of RocksDB, of Pebble, or with an order of its own. */
  | 'other-database'
  /** The directory holds other files. */
  | 'other-files'
  /** The store has a format that this version does not read. */
  | 'format-unknown'
  /** The directory to adopt is a store. */
  | 'already-a-store'
  /** The database to adopt has a table that LevelDB does not read. */
  | 'table-unsupported'
  /** The disk has no room for the file. */
  | 'disk-full';

/** What an `EngineError` carries in addition to its code and message. */
export interface EngineErrorDetails {
  /** The reason for SSTITCH_STORE_FORMAT, or for SSTITCH_FILE_OPERATION if the disk is full. */
  readonly reason?: EngineErrorReason | undefined;
  /** The error that caused this one. */
  readonly cause?: unknown;
  /** The file or directory that the error is about. */
  readonly path?: string | undefined;
  /** The offset in that file, in bytes. */
  readonly offset?: number | undefined;
  /** The key that the error is about. */
  readonly key?: Uint8Array | undefined;
  /** With LEVEL_LOCKED: the id of the process that holds the lock, if it can be determined. */
  readonly holder?: number | undefined;
}

/**
 * The error class of @sstitch/engine. Level's own codes stay where Level users expect them. An error with the code
 * SSTITCH_ABORTED has the name `AbortError`, as on the web platform and in Level, and the signal's reason as its cause.
 */
export class EngineError extends Error {
  /** 'AbortError' for an aborted call, so that generic code recognises it. */
  override readonly name: 'EngineError' | 'AbortError';
  /** The kind of failure, for code to branch on. */
  readonly code: EngineErrorCode;
  /**
   * With SSTITCH_STORE_FORMAT, what there is instead of a store that this version reads; with SSTITCH_FILE_OPERATION,
   * `disk-full` if the disk is full; otherwise undefined.
   */
  readonly reason: EngineErrorReason | undefined;
  /** The file or directory concerned; undefined if the error concerns none. */
  readonly path: string | undefined;
  /** The offset in bytes in the file at `path`, if the fault has a place in it. */
  readonly offset: number | undefined;
  /** The key concerned, encoded; undefined if the error concerns no single key. */
  readonly key: Uint8Array | undefined;
  /** With LEVEL_LOCKED: the id of the process that holds the lock, if it can be determined. */
  readonly holder: number | undefined;

  constructor(code: EngineErrorCode, message: string, details: EngineErrorDetails = {}) {
    // The message of another error already names the file and the offset.
    const place =
      details.path === undefined || message.includes(`(${details.path}`)
        ? ''
        : ` (${details.path}${details.offset === undefined ? '' : `, offset ${details.offset}`})`;
    super(`${message}${place}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'EngineError';
    this.code = code;
    this.reason = details.reason;
    this.path = details.path;
    this.offset = details.offset;
    this.key = details.key;
    this.holder = details.holder;
  }
}

/** Returns the `code` of an error of Node, Level or this project. */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Yields an error and its causes. Yields no abort: its cause is the caller's reason, which may be an error of something
 * else.
 */
export function* causesOf(error: unknown): Generator<Error, undefined, undefined> {
  let current = error;
  for (; current instanceof Error && current.name !== 'AbortError'; current = current.cause) {
    yield current;
  }
}

/** Makes the AbortError for a signal that has fired. */
export function abortedError({ reason }: { readonly reason?: unknown }): EngineError {
  return new EngineError('SSTITCH_ABORTED', 'the operation was aborted', { cause: reason });
}

/** @throws EngineError SSTITCH_ABORTED once the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}
