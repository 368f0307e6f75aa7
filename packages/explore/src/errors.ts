/** The closed set of codes an {@link ExploreError} carries. */
export type ExploreErrorCode =
  /** The port is in use, or may not be listened on; `cause` has the system's error. */
  | 'SSTITCH_LISTEN_FAILED'
  /** A question lacks a parameter, or has one that says nothing. */
  | 'SSTITCH_QUESTION_INVALID'
  /** There is no such question, file or record. */
  | 'SSTITCH_NOT_FOUND'
  /** An option has a value it cannot have. */
  | 'SSTITCH_OPTION_INVALID'
  /** The AbortSignal fired; `cause` has its reason. */
  | 'SSTITCH_ABORTED';

/**
 * Every error this package throws itself; what the engine and the packages that read records throw passes through.
 * One of an AbortSignal is named AbortError, as the platform's own are, and has the signal's reason as its cause.
 */
export class ExploreError extends Error {
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
