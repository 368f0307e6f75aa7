// The key space of the layout: the keys that begin with a bucket's prefix.
import { BUCKETS } from '@sstitch/keys';

/**
 * Whether a key begins with the prefix of a bucket. Other keys belong to no sync: an adopted database holds
 * keys of its own program.
 */
export function isInBucket(key: Uint8Array): boolean {
  return BUCKETS.some(({ prefix }) => prefix.every((byte, at) => key[at] === byte));
}
