// Checks of values that TypeScript promises to be bytes, for callers without it. A string or an object has no
// byte length: taken for bytes it would be empty, and whatever it stands for would be lost.

const tagOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** Whether a value is a Uint8Array, of this realm or another, whose memory is still here. */
export function isBytes(value: unknown): value is Uint8Array {
  if (!(value instanceof Uint8Array) && tagOf?.call(value) !== 'Uint8Array') return false;
  const bytes = value as Uint8Array;
  return bytes.byteLength > 0 || !isTransferred(bytes);
}

/** The last array found to be empty by itself: many entries have one and the same. */
let knownEmpty: Uint8Array | undefined;

/** Whether an empty array is one whose memory went to another thread. */
function isTransferred(bytes: Uint8Array): boolean {
  if (bytes === knownEmpty || bytes.buffer.byteLength > 0) return false;
  try {
    // No view can be made of memory that is gone.
    new Uint8Array(bytes.buffer);
    knownEmpty = bytes;
    return false;
  } catch {
    return true;
  }
}

/** What a value is that should be another one: "a string", "an object of class Map". */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = tagOf?.call(value) ?? (value.constructor as { name?: unknown } | undefined)?.name;
  if (name === 'Uint8Array' && !isBytes(value)) {
    return 'a Uint8Array whose memory was transferred away';
  }
  return typeof name === 'string' && name !== 'Object' ? `an object of class ${name}` : 'an object';
}
