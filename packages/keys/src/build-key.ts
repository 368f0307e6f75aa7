import { KeysError } from './errors.js';
import { type Bucket, bucketLayout, SEPARATOR, SYNC_ID_LENGTH_BYTES } from './layout.js';
import { type SyncIdBytes, syncIdBytes } from './sync-id.js';
import { elementLengthBytes, requireArray, writeElement } from './tuple.js';

/**
 * Builds a key of any bucket from its elements in order. The typed builders call it.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID on a value that is not an array, a wrong number of
 * elements, an element that is not a string, or a lone surrogate; SSTITCH_SYNC_ID_INVALID on a sync id that is not
 * in binary form.
 */
export function buildKey(
  bucket: Bucket,
  syncId: SyncIdBytes,
  elements: readonly string[],
): Uint8Array {
  requireArray(elements);
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
 * Builds the prefix of exactly those keys of the bucket that have these first elements. The prefix ends in a
 * separator, so that `a` does not match `ab`; with no elements it is the bucket's prefix and the sync id.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID on a value that is not an array, on as many elements as
 * the bucket has, or more, on an element that is not a string, or on a lone surrogate; SSTITCH_SYNC_ID_INVALID on
 * a sync id that is not in binary form.
 */
export function buildKeyPrefix(
  bucket: Bucket,
  syncId: SyncIdBytes,
  firstElements: readonly string[],
): Uint8Array {
  requireArray(firstElements);
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
  // Computes the exact length first: one allocation, no copy.
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
