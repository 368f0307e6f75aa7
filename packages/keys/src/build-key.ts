import { KeysError } from './errors.js';
import { type Bucket, bucketLayout, SEPARATOR, SYNC_ID_LENGTH_BYTES } from './layout.js';
import { type SyncIdBytes, syncIdBytes } from './sync-id.js';
import { elementLengthBytes, writeElement } from './tuple.js';

/**
 * The key of any bucket, from its elements in order. The typed builders are thin names for it.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID on a wrong number of elements, one that is no text, or a
 * lone surrogate; SSTITCH_SYNC_ID_INVALID on a sync id in another form.
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
 * on one that is no text, or on a lone surrogate; SSTITCH_SYNC_ID_INVALID on a sync id in another form.
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
  key.set(syncIdBytes(syncId), prefix.length);
  let at = prefix.length + SYNC_ID_LENGTH_BYTES;
  for (const element of elements) at = writeElement(key, at, element);
  if (trailingSeparators === 1) key[at] = SEPARATOR;
  return key;
}
