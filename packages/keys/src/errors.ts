/** The closed set of codes of a {@link KeysError}. */
export type KeysErrorCode =
  /** The bytes are not a key of the layout: wrong version, unknown bucket, bad escape, wrong element count, … */
  | 'SSTITCH_KEY_MALFORMED'
  /** The key belongs to the layout but to no sync: counters, sessions, engine metadata. */
  | 'SSTITCH_KEY_RESERVED'
  /** The value cannot be written into a key: a string with a lone surrogate, a number out of range. */
  | 'SSTITCH_KEY_ELEMENT_INVALID'
  /** The sync id is not a KSUID. */
  | 'SSTITCH_SYNC_ID_INVALID';

/** The error that this package throws on bad input. */
export class KeysError extends Error {
  /** The class's name, by which callers recognise an error of another copy of the package. */
  override readonly name = 'KeysError';
  /** The kind of failure, for code to branch on. */
  readonly code: KeysErrorCode;

  constructor(code: KeysErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
