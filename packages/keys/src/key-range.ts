import { describeValue, isBytes, type Span } from '@sstitch/contract';
import { KeysError } from './errors.js';

/**
 * The smallest byte string that is greater than every string that starts with `prefix`: drops trailing FF bytes
 * and increments the last byte left. `undefined` if the prefix is empty or all FF: no such string exists.
 *
 * @throws {@link KeysError} SSTITCH_KEY_MALFORMED on anything but bytes.
 */
export function prefixSuccessor(prefix: Uint8Array): Uint8Array | undefined {
  if (!isBytes(prefix)) {
    throw new KeysError('SSTITCH_KEY_MALFORMED', `a prefix is bytes, not ${describeValue(prefix)}`);
  }
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  // Not prefix.slice: that of a Buffer is a view, and the increment would change the prefix itself.
  const successor = new Uint8Array(prefix.subarray(0, length));
  successor[length - 1] = (successor[length - 1] as number) + 1;
  return successor;
}

/** The range of all keys that start with `prefix`. */
export function prefixSpan(prefix: Uint8Array): Span {
  return { start: prefix, end: prefixSuccessor(prefix) };
}
