// The error message for an argument that is not bytes.
import { describeValue } from '@sstitch/contract';

/** @param what the argument's name, such as key, value or start */
export function notBytes(what: string, value: unknown): string {
  return `the ${what} must be a Uint8Array, not ${describeValue(value)}`;
}
