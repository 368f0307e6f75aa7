// Checks of values that TypeScript promises to be bytes or text, for callers without it: `Uint8Array.set` takes a
// text for a list of digits, and a number has no length, so that its key would be that of another record.

const tagOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** Whether a value is a Uint8Array, of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || tagOf?.call(value) === 'Uint8Array';
}

/** What a value is that should be another one: "a string", "an array". */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object';
  return `a ${typeof value}`;
}
