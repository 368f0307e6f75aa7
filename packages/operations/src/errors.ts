/** The closed set of codes an {@link OperationsError} carries. */
export type OperationsErrorCode =
  /** The engine holds nothing of the sync. */
  | 'SSTITCH_SYNC_NOT_FOUND'
  /** The engine holds something under the new id. Choose another, or say that it is to be replaced. */
  | 'SSTITCH_SYNC_EXISTS'
  /** No replaced version of the sync was kept. */
  | 'SSTITCH_VERSION_NOT_FOUND'
  /** An option has a value it cannot have. */
  | 'SSTITCH_OPTION_INVALID'
  /** The AbortSignal fired. The engine is as it was. */
  | 'SSTITCH_ABORTED';

/**
 * Every error this package throws itself; what the engine and the records package throw passes through. One of an
 * AbortSignal is named AbortError, as the platform's own are, and has the signal's reason as its cause.
 */
export class OperationsError extends Error {
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
