/*
 * Fixed-width values for keys. Their bytes sort as the values do.
 *
 *   u32, u64   big-endian
 *   i64        big-endian, sign bit flipped
 *   boolean    26 false, 27 true
 *
 * No bucket of version 3 uses them, but the layout defines them.
 */
import { describeValue, isBytes } from '@sstitch/contract';
import { KeysError } from './errors.js';

const FALSE_BYTE = 0x26;
const TRUE_BYTE = 0x27;
const U32_MAX = 0xffff_ffff;
const U64_MAX = 2n ** 64n - 1n;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/**
 * Encodes an unsigned integer in 4 bytes, big-endian.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID out of range.
 */
export function encodeU32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > U32_MAX) throw outOfRange('u32', value);
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}

/**
 * Encodes an unsigned integer in 8 bytes, big-endian.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID out of range.
 */
export function encodeU64(value: bigint): Uint8Array {
  if (typeof value !== 'bigint' || value < 0n || value > U64_MAX) throw outOfRange('u64', value);
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, value);
  return bytes;
}

/**
 * Encodes a signed integer in 8 bytes, big-endian, with the sign bit flipped.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID out of range.
 */
export function encodeI64(value: bigint): Uint8Array {
  if (typeof value !== 'bigint' || value < I64_MIN || value > I64_MAX) {
    throw outOfRange('i64', value);
  }
  return encodeU64(value - I64_MIN);
}

/**
 * Encodes a boolean in one byte.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID on anything but true and false.
 */
export function encodeBoolean(value: boolean): Uint8Array {
  if (typeof value !== 'boolean') throw outOfRange('boolean', value);
  return Uint8Array.of(value ? TRUE_BYTE : FALSE_BYTE);
}

/** Reads what {@link encodeU32} wrote. @throws {@link KeysError} SSTITCH_KEY_MALFORMED past the end. */
export function decodeU32(bytes: Uint8Array, offset = 0): number {
  return viewOf(slice(bytes, offset, 4)).getUint32(0);
}

/** Reads what {@link encodeU64} wrote. @throws {@link KeysError} SSTITCH_KEY_MALFORMED past the end. */
export function decodeU64(bytes: Uint8Array, offset = 0): bigint {
  return viewOf(slice(bytes, offset, 8)).getBigUint64(0);
}

/** Reads what {@link encodeI64} wrote. @throws {@link KeysError} SSTITCH_KEY_MALFORMED past the end. */
export function decodeI64(bytes: Uint8Array, offset = 0): bigint {
  return decodeU64(bytes, offset) + I64_MIN;
}

/** Reads what {@link encodeBoolean} wrote. @throws {@link KeysError} SSTITCH_KEY_MALFORMED on any other byte. */
export function decodeBoolean(bytes: Uint8Array, offset = 0): boolean {
  const byte = slice(bytes, offset, 1)[0];
  if (byte === TRUE_BYTE) return true;
  if (byte === FALSE_BYTE) return false;
  throw new KeysError('SSTITCH_KEY_MALFORMED', `a boolean must be 26 or 27, at byte ${offset}`);
}

function slice(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  if (!isBytes(bytes)) {
    throw new KeysError('SSTITCH_KEY_MALFORMED', `a key is bytes, not ${describeValue(bytes)}`);
  }
  if (!Number.isInteger(offset) || offset < 0 || offset + length > bytes.length) {
    throw new KeysError(
      'SSTITCH_KEY_MALFORMED',
      `cannot read ${length} bytes at byte ${offset} of ${bytes.length}`,
    );
  }
  return bytes.subarray(offset, offset + length);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function outOfRange(type: string, value: unknown): KeysError {
  const given = typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
  return new KeysError(
    'SSTITCH_KEY_ELEMENT_INVALID',
    `${given ?? describeValue(value)} is not a ${type}`,
  );
}
