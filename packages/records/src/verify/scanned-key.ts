// Builds keys from the fields that a scan found in the bytes of a record. A scan accepts only texts that a key holds
// without escapes, so the bytes are copied.
import type { RecordScanner } from '../encoding/record-scanner.js';
import type { ScannedField } from '../encoding/scanned-fields.js';

const SEPARATOR = 0x00;

/**
 * Builds the key with the given elements.
 *
 * @param prefix - the bucket's prefix and the sync id.
 */
export function scannedKey(
  prefix: Uint8Array,
  scanned: RecordScanner,
  elements: readonly ScannedField[],
): Uint8Array {
  let length = prefix.length;
  for (const field of elements) length += 1 + scanned.endOf(field) - scanned.startOf(field);
  const key = new Uint8Array(length);
  key.set(prefix);
  let to = prefix.length;
  const { bytes } = scanned;
  for (const field of elements) {
    key[to++] = SEPARATOR;
    const end = scanned.endOf(field);
    for (let at = scanned.startOf(field); at < end; at++) key[to++] = bytes[at] as number;
  }
  return key;
}
