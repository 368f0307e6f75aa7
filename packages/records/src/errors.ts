/** The closed set of codes a {@link RecordsError} carries. */
export type RecordsErrorCode =
  /** Not a message of this package, or a field holds what its type cannot. */
  | 'SSTITCH_RECORD_INVALID'
  /** The record's sync_id is not the sync it was to be put into. */
  | 'SSTITCH_RECORD_SYNC_MISMATCH'
  /** A record comes twice in a bulk load: nobody can know which of the two is meant. */
  | 'SSTITCH_RECORD_REPEATED'
  /** A bulk load takes nothing after its commit. */
  | 'SSTITCH_LOAD_COMMITTED'
  /** A stored value is not the message its key promises. */
  | 'SSTITCH_RECORD_UNDECODABLE'
  /** An index entry points at a record that is not there. `verifyIndexes` finds all of them. */
  | 'SSTITCH_INDEX_STRAY'
  /** A sync with this id was started before. */
  | 'SSTITCH_SYNC_EXISTS'
  /** No sync with this id was started. */
  | 'SSTITCH_SYNC_NOT_FOUND'
  /** The sync has ended already. */
  | 'SSTITCH_SYNC_ENDED'
  /** An option has a value it cannot have. */
  | 'SSTITCH_OPTION_INVALID'
  /** Not a cursor, a damaged one, or one of another list. Start again from the first page. */
  | 'SSTITCH_CURSOR_INVALID'
  /** The AbortSignal fired. What was written before stays. */
  | 'SSTITCH_ABORTED';

/** What a {@link RecordsError} knows besides its message. */
export interface RecordsErrorDetails {
  readonly cause?: unknown;
  /** The key concerned. */
  readonly key?: Uint8Array;
}

/**
 * Every error this package throws itself; ids that cannot be in a key give a KeysError. One of an
 * AbortSignal is named AbortError, as the platform's own are, and has the signal's reason as its cause.
 */
export class RecordsError extends Error {
  readonly code: RecordsErrorCode;
  /** The key concerned, where there is one. */
  readonly key: Uint8Array | undefined;

  constructor(code: RecordsErrorCode, message: string, details: RecordsErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'RecordsError';
    this.code = code;
    this.key = details.key;
  }
}

/** @throws {@link RecordsError} SSTITCH_ABORTED once `signal` has fired; its cause is the signal's reason. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new RecordsError('SSTITCH_ABORTED', 'aborted', { cause: signal.reason });
  }
}
