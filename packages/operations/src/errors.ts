/** The closed set of codes an {@link OperationsError} carries. */
export type OperationsErrorCode =
  /** The engine holds nothing of the sync. */
  | 'SSTITCH_SYNC_NOT_FOUND'
  /** The engine holds something under the new id. Choose another, or set `replace`. */
  | 'SSTITCH_SYNC_EXISTS'
  /** The engine holds no such replaced version of the sync. */
  | 'SSTITCH_VERSION_NOT_FOUND'
  /** An option has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** The AbortSignal fired. The engine is unchanged. */
  | 'SSTITCH_ABORTED';

/**
 * The class of all errors that this package throws itself. Errors of the engine and of the records package pass
 * through. An abort is named AbortError, as the platform's own aborts are, and its cause is the signal's reason.
 */
export class OperationsError extends Error {
  /** The kind of failure, for code to branch on. */
  readonly code: OperationsErrorCode;

  constructor(code: OperationsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'OperationsError';
    this.code = code;
  }
}

/** @throws {@link OperationsError} SSTITCH_ABORTED once `signal` has fired; its cause is the signal's reason. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new OperationsError('SSTITCH_ABORTED', 'aborted', { cause: signal.reason });
  }
}

/** @throws {@link OperationsError} SSTITCH_SYNC_NOT_FOUND */
export function notFound(syncId: string): never {
  throw new OperationsError('SSTITCH_SYNC_NOT_FOUND', `there is nothing of sync ${syncId}`);
}
