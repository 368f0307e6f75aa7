/**
 * Throws if a caller broke the contract of a function. node:assert would load a dozen of Node's own modules in every
 * thread.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
