/** The closed set of codes of a {@link RecordsError}. */
export type RecordsErrorCode =
  /** The value is not a message of this package, or a field has an invalid value. */
  | 'SSTITCH_RECORD_INVALID'
  /** The record's sync_id is not the sync into which it should be put. */
  | 'SSTITCH_RECORD_SYNC_MISMATCH'
  /** A bulk load holds two records with the same key, and nothing says which one is meant. */
  | 'SSTITCH_RECORD_REPEATED'
  /** The bulk load was used after its commit. */
  | 'SSTITCH_LOAD_COMMITTED'
  /** A stored value is not the message of its key's bucket. */
  | 'SSTITCH_RECORD_UNDECODABLE'
  /** An index entry points to a missing record. `verifyIndexes` finds all such entries. */
  | 'SSTITCH_INDEX_STRAY'
  /** A sync with this id has already been started. */
  | 'SSTITCH_SYNC_EXISTS'
  /** No sync with this id has been started, or none of the type to resume. */
  | 'SSTITCH_SYNC_NOT_FOUND'
  /** The sync has already ended. */
  | 'SSTITCH_SYNC_ENDED'
  /** An option has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** The text is not a cursor, is damaged, or belongs to another list. Start again from the first page. */
  | 'SSTITCH_CURSOR_INVALID'
  /** The file system reported an error, which is the `cause`. Only of `@sstitch/records/temporary-files`. */
  | 'SSTITCH_FILE_OPERATION'
  /** The AbortSignal fired. Earlier writes stay. */
  | 'SSTITCH_ABORTED';

/** Details of a {@link RecordsError}. */
export interface RecordsErrorDetails {
  /** The error that caused this one. */
  readonly cause?: unknown;
  /** The key that the error concerns. */
  readonly key?: Uint8Array;
  /** The file or directory that the error concerns. */
  readonly path?: string;
}

/**
 * The one error class of @sstitch/records. Ids that cannot be in a key cause a KeysError instead. The error of
 * an aborted call has the name AbortError, as the platform's own, and the signal's reason as its cause.
 */
export class RecordsError extends Error {
  /** The kind of failure, for code to branch on. */
  readonly code: RecordsErrorCode;
  /** The key that the error concerns, if any. */
  readonly key: Uint8Array | undefined;
  /** The file or directory that the error concerns, if any. */
  readonly path: string | undefined;

  constructor(code: RecordsErrorCode, message: string, details: RecordsErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'RecordsError';
    this.code = code;
    this.key = details.key;
    this.path = details.path;
  }
}

/** @throws {@link RecordsError} SSTITCH_ABORTED once `signal` has fired; its cause is the signal's reason. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new RecordsError('SSTITCH_ABORTED', 'aborted', { cause: signal.reason });
  }
}
