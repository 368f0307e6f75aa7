/** The closed set of codes an {@link ExploreError} carries. */
export type ExploreErrorCode =
  /** The port is in use or not permitted; `cause` has the system's error. */
  | 'SSTITCH_LISTEN_FAILED'
  /** A question lacks a parameter, or has an invalid one. */
  | 'SSTITCH_QUESTION_INVALID'
  /** There is no such question, file or record. */
  | 'SSTITCH_NOT_FOUND'
  /** The store has been moved or removed since it was opened. */
  | 'SSTITCH_STORE_NOT_FOUND'
  /** An option has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** The AbortSignal fired; `cause` has its reason. */
  | 'SSTITCH_ABORTED';

/**
 * The class of all errors that this package throws itself. Errors of the engine and of the packages that read records
 * pass through. An abort is named AbortError, as the platform's own aborts are, and its cause is the signal's reason.
 */
export class ExploreError extends Error {
  /** The kind of failure, for code to branch on. */
  readonly code: ExploreErrorCode;

  constructor(code: ExploreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'ExploreError';
    this.code = code;
  }
}

/** @throws {@link ExploreError} SSTITCH_ABORTED once `signal` has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new ExploreError('SSTITCH_ABORTED', 'aborted', { cause: signal.reason });
  }
}
