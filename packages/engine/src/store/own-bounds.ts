// Copies the bounds of a range that waits for its turn, as the caller may reuse their memory.
import type { NativeBytes, NativeRangeOptions } from '../leveldb/level-database.js';
import { ownBytes } from '../leveldb/own-bytes.js';

/** Returns the options with copies of the bounds. */
export function withOwnBounds(options: NativeRangeOptions): NativeRangeOptions {
  const bounds: Record<string, NativeBytes> = {};
  for (const name of ['gt', 'gte', 'lt', 'lte'] as const) {
    const bound = options[name];
    if (bound !== undefined) bounds[name] = ownBytes(bound);
  }
  return { ...options, ...bounds };
}
