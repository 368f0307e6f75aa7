// What a message says of an argument that is not bytes.
import { describeValue } from '@sstitch/contract';

/** @param what a word: key, value, start */
export function notBytes(what: string, value: unknown): string {
  return `the ${what} must be a Uint8Array, not ${describeValue(value)}`;
}
