/** The closed set of codes of a {@link TestkitError}. */
export type TestkitErrorCode =
  /** An option has an invalid value. */
  | 'SSTITCH_OPTION_INVALID'
  /** A sync that must not change has changed. */
  | 'SSTITCH_ISOLATION_BROKEN'
  /** A replaced sync does not have the expected content. */
  | 'SSTITCH_CONTENT_WRONG'
  /** An engine differs from the model. */
  | 'SSTITCH_MODEL_MISMATCH'
  /** The model engine refused spans that overlap, are inverted or out of order. */
  | 'SSTITCH_SPANS_INVALID'
  /** The model engine refused entries that are out of order or outside the spans. */
  | 'SSTITCH_ENTRIES_INVALID'
  /** The AbortSignal fired; `cause` is its reason. The error's name is `AbortError`. */
  | 'SSTITCH_ABORTED'
  /** The model engine, or one of its iterators or snapshots, is closed. */
  | 'SSTITCH_CLOSED';

/** The one error class of @sstitch/testkit. */
export class TestkitError extends Error {
  /** 'AbortError' for an aborted call, so that generic code recognises it. */
  override readonly name: 'TestkitError' | 'AbortError';
  /** The kind of failure, for code to branch on. */
  readonly code: TestkitErrorCode;

  constructor(code: TestkitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code === 'SSTITCH_ABORTED' ? 'AbortError' : 'TestkitError';
    this.code = code;
  }
}

/** Throws if a signal has fired. @throws TestkitError SSTITCH_ABORTED, whose cause is the signal's reason */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new TestkitError('SSTITCH_ABORTED', 'the operation was aborted', {
      cause: signal.reason,
    });
  }
}

/** Checks that an option is an integer from `least` to `most`. @throws TestkitError SSTITCH_OPTION_INVALID */
export function checkWholeNumber(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new TestkitError(
    'SSTITCH_OPTION_INVALID',
    `${name} must be an integer from ${least} to ${most}, not ${String(value)}`,
  );
}
