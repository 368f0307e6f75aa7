/** Every code a TestkitError can have. */
export type TestkitErrorCode =
  /** An option has a value it cannot have. */
  | 'SSTITCH_OPTION_INVALID'
  /** A sync that was to stay as it was has changed. */
  | 'SSTITCH_ISOLATION_BROKEN'
  /** A replaced sync does not hold what it was to hold. */
  | 'SSTITCH_CONTENT_WRONG'
  /** An engine differs from the model. */
  | 'SSTITCH_MODEL_MISMATCH'
  /** Spans that overlap, are inverted or out of order: the model engine's refusal. */
  | 'SSTITCH_SPANS_INVALID'
  /** Entries out of order or outside their span: the model engine's refusal. */
  | 'SSTITCH_ENTRIES_INVALID'
  /** The AbortSignal fired; `cause` is its reason. The error's name is `AbortError`. */
  | 'SSTITCH_ABORTED'
  /** The model engine, or one of its iterators or snapshots, is closed. */
  | 'SSTITCH_CLOSED';

/** The one error class of @sstitch/testkit. */
export class TestkitError extends Error {
  override readonly name: 'TestkitError' | 'AbortError';
  readonly code: TestkitErrorCode;

  constructor(code: TestkitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'TestkitError';
    this.code = code;
  }
}

/** @throws TestkitError SSTITCH_ABORTED once the signal has fired; its cause is the signal's reason */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new TestkitError('SSTITCH_ABORTED', 'the operation was aborted', {
      cause: signal.reason,
    });
  }
}

/** Throws when an option is not a whole number in `[least, most]`. */
export function checkWholeNumber(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new TestkitError(
    'SSTITCH_OPTION_INVALID',
    `${name} must be a whole number from ${least} to ${most}, not ${String(value)}`,
  );
}
