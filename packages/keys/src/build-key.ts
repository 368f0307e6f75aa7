import { KeysError } from './errors.js';
import { type Bucket, bucketLayout, SEPARATOR, SYNC_ID_LENGTH_BYTES } from './layout.js';
import type { SyncIdBytes } from './sync-id.js';
import { elementLengthBytes, writeElement } from './tuple.js';

/**
 * The key of any bucket, from its elements in order. The typed builders are thin names for it.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID on a wrong number of elements or a lone surrogate.
 */
export function buildKey(
  bucket: Bucket,
  syncId: SyncIdBytes,
  elements: readonly string[],
): Uint8Array {
  const wanted = bucketLayout(bucket).elements.length;
  if (elements.length !== wanted) {
    throw new KeysError(
      'SSTITCH_KEY_ELEMENT_INVALID',
      `a key of ${bucket} has ${wanted} elements, not ${elements.length}`,
    );
  }
  return assemble(bucket, syncId, elements, 0);
}

/**
 * The bytes that every key of the bucket with these first elements starts with, and no other key.
 * With fewer elements than the bucket has, it ends in a separator: `a` must not match `ab`.
 * With no elements it is the bucket's prefix and the sync id.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID on as many elements as the bucket has, or more,
 * or on a lone surrogate.
 */
export function buildKeyPrefix(
  bucket: Bucket,
  syncId: SyncIdBytes,
  firstElements: readonly string[],
): Uint8Array {
  const most = bucketLayout(bucket).elements.length;
  if (firstElements.length > 0 && firstElements.length >= most) {
    throw new KeysError(
      'SSTITCH_KEY_ELEMENT_INVALID',
      `a key prefix of ${bucket} has fewer than ${most} elements, not ${firstElements.length}`,
    );
  }
  return assemble(bucket, syncId, firstElements, firstElements.length === 0 ? 0 : 1);
}

function assemble(
  bucket: Bucket,
  syncId: SyncIdBytes,
  elements: readonly string[],
  trailingSeparators: 0 | 1,
): Uint8Array {
  const { prefix } = bucketLayout(bucket);
  // The exact length first: one allocation, no copy.
  let length = prefix.length + SYNC_ID_LENGTH_BYTES + trailingSeparators;
  for (const element of elements) length += elementLengthBytes(element);
  const key = new Uint8Array(length);
  key.set(prefix, 0);
  key.set(syncId, prefix.length);
  let at = prefix.length + SYNC_ID_LENGTH_BYTES;
  for (const element of elements) at = writeElement(key, at, element);
  if (trailingSeparators === 1) key[at] = SEPARATOR;
  return key;
}
