// Checks at run time that values are bytes, for callers that do not use TypeScript. A string or an object has
// no byte length: treated as bytes, it would be written as an empty value and its content lost.

const tagOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** Whether a value is a Uint8Array, of this realm or another, whose memory has not been transferred. */
export function isBytes(value: unknown): value is Uint8Array {
  if (!(value instanceof Uint8Array) && tagOf?.call(value) !== 'Uint8Array') return false;
  const bytes = value as Uint8Array;
  return bytes.byteLength > 0 || !isTransferred(bytes);
}

/** The last array that was found to be empty but not transferred: many entries share one empty value. */
let knownEmpty: Uint8Array | undefined;

/** Whether an array is empty because its memory was transferred to another thread. */
function isTransferred(bytes: Uint8Array): boolean {
  if (bytes === knownEmpty || bytes.buffer.byteLength > 0) return false;
  try {
    // Throws if the buffer is detached.
    new Uint8Array(bytes.buffer);
    knownEmpty = bytes;
    return false;
  } catch {
    return true;
  }
}

/** Describes a value for an error message: "a string", "an object of class Map". */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = tagOf?.call(value) ?? (value.constructor as { name?: unknown } | undefined)?.name;
  if (name === 'Uint8Array' && !isBytes(value)) {
    return 'a Uint8Array whose memory was transferred to another thread';
  }
  return typeof name === 'string' && name !== 'Object' ? `an object of class ${name}` : 'an object';
}
