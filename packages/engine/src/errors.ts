/** Every code an EngineError can have. */
export type EngineErrorCode =
  /** The store, or the directory, does not exist and was not to be made. */
  | 'SSTITCH_STORE_NOT_FOUND'
  /** The store exists and was not to. */
  | 'SSTITCH_STORE_EXISTS'
  /** This process or another one has the store open. Level's own code: its users look for it. */
  | 'LEVEL_LOCKED'
  /** The directory holds something that is not a store, or a store of an unknown format. */
  | 'SSTITCH_STORE_FORMAT'
  /** A file of the store says something it cannot say. */
  | 'SSTITCH_STORE_CORRUPT'
  /** An fsync failed: what is on disk is unknown until the store is opened anew. */
  | 'SSTITCH_STORE_POISONED'
  /** The store was opened to read only. */
  | 'SSTITCH_STORE_READ_ONLY'
  /** The store is not open, or is closing. */
  | 'SSTITCH_STORE_CLOSED'
  /** Spans that overlap, are inverted or out of order. */
  | 'SSTITCH_SPANS_INVALID'
  /** Tables that are corrupt, outside their span, or out of order. */
  | 'SSTITCH_TABLES_INVALID'
  /** Entries out of order, twice, or outside their span. */
  | 'SSTITCH_ENTRIES_INVALID'
  /** An option has a value it cannot have. */
  | 'SSTITCH_OPTION_INVALID'
  /** A file operation failed; `cause` is the file system's error. */
  | 'SSTITCH_FILE_OPERATION'
  /** LevelDB failed; `cause` is its error. */
  | 'SSTITCH_LEVELDB'
  /** The target of a checkpoint, an extract or an adopt is not an empty place. */
  | 'SSTITCH_TARGET_EXISTS'
  /** The AbortSignal fired before the commit; `cause` is its reason. The error's name is `AbortError`. */
  | 'SSTITCH_ABORTED';

export interface EngineErrorDetails {
  readonly cause?: unknown;
  /** The file or directory concerned. */
  readonly path?: string | undefined;
  /** The byte in that file. */
  readonly offset?: number | undefined;
  /** The key concerned. */
  readonly key?: Uint8Array | undefined;
  /** Of LEVEL_LOCKED: the id of the process that holds the lock, where that can be known. */
  readonly holder?: number | undefined;
}

/**
 * The one error class of @sstitch/engine. Level's own codes stay where Level users expect them. An error of the code
 * SSTITCH_ABORTED has the name `AbortError`, as the web platform's and Level's have, and the signal's reason as its
 * cause.
 */
export class EngineError extends Error {
  override readonly name: 'EngineError' | 'AbortError';
  readonly code: EngineErrorCode;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly key: Uint8Array | undefined;
  /** Of LEVEL_LOCKED: the id of the process that holds the lock, where that can be known. */
  readonly holder: number | undefined;

  constructor(code: EngineErrorCode, message: string, details: EngineErrorDetails = {}) {
    // A table's own error has its place in its words.
    const place =
      details.path === undefined || message.includes(`(${details.path}`)
        ? ''
        : ` (${details.path}${details.offset === undefined ? '' : `, offset ${details.offset}`})`;
    super(`${message}${place}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'EngineError';
    this.code = code;
    this.path = details.path;
    this.offset = details.offset;
    this.key = details.key;
    this.holder = details.holder;
  }
}

/** The `code` of an error of Node, LevelDB or this project. */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The AbortError of a signal that has fired. */
export function abortedError({ reason }: { readonly reason?: unknown }): EngineError {
  return new EngineError('SSTITCH_ABORTED', 'the operation was aborted', { cause: reason });
}

/** @throws EngineError SSTITCH_ABORTED once the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}
