// Which keys the layout of syncs lays claim to: those that begin with a bucket's prefix.
import { BUCKETS } from '@sstitch/keys';

/**
 * Whether a key begins as the keys of a bucket do. Others are of no sync: an adopted database holds what its
 * program put there.
 */
export function isInBucket(key: Uint8Array): boolean {
  return BUCKETS.some(({ prefix }) => prefix.every((byte, at) => key[at] === byte));
}
