/** The closed set of codes a {@link KeysError} carries. */
export type KeysErrorCode =
  /** Bytes that are no key of the layout: wrong version, unknown bucket, bad escape, wrong element count, … */
  | 'SSTITCH_KEY_MALFORMED'
  /** A key of the layout that belongs to no sync: counters, sessions, engine metadata. */
  | 'SSTITCH_KEY_RESERVED'
  /** A value that cannot be written into a key: a string with a lone surrogate, a number out of range. */
  | 'SSTITCH_KEY_ELEMENT_INVALID'
  /** A sync id that is not a KSUID. */
  | 'SSTITCH_SYNC_ID_INVALID';

/** Every error this package throws on bad input. */
export class KeysError extends Error {
  override readonly name = 'KeysError';
  readonly code: KeysErrorCode;

  constructor(code: KeysErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
