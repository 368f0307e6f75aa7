// Internal keys, by which tables are sorted (LevelDB's db/dbformat).
//
//   user key: bytes
//   trailer:  8 bytes, little-endian: sequence << 8 | type
//
//   byte of the trailer   0     1 … 7
//                         type  sequence, least significant byte first
//
// Order: by user key, bytewise ascending, then by trailer, descending, so that the newest version comes first.
// The type is 1 for a value and 0 for a deletion, that is, a tombstone.

import { describeValue, isBytes } from '@sstitch/contract';
import { compareByteRanges } from '../compare-bytes.js';
import { SstError } from '../errors.js';

/** The type of an entry. */
export type EntryType = 'value' | 'deletion';

/** The size of the trailer. */
export const TRAILER_BYTES = 8;
/** The largest sequence of the format. LevelDB reserves it for seeks. */
export const MAX_SEQUENCE = 2n ** 56n - 1n;
/**
 * The largest sequence that this package writes or accepts in a table. Above it, a JavaScript number is not exact. A
 * database that writes a million entries a second reaches it after 285 years.
 */
export const MAX_ENTRY_SEQUENCE = Number.MAX_SAFE_INTEGER;

const DELETION = 0;
const VALUE = 1;

/**
 * Makes an internal key.
 *
 * @param sequence 0 to `MAX_SEQUENCE`
 * @throws SstError `SSTITCH_TABLE_OPTIONS`
 */
export function makeInternalKey(
  userKey: Uint8Array,
  sequence: bigint | number,
  type: EntryType,
): Uint8Array {
  requireUserKey(userKey);
  if (type !== 'value' && type !== 'deletion') {
    throw new SstError(
      'SSTITCH_TABLE_OPTIONS',
      `type ${String(type)} is neither 'value' nor 'deletion'`,
    );
  }
  const exact = typeof sequence === 'bigint' || Number.isInteger(sequence) ? BigInt(sequence) : -1n;
  if (exact < 0n || exact > MAX_SEQUENCE) {
    throw new SstError('SSTITCH_TABLE_OPTIONS', `sequence ${sequence} is not in 0 … 2^56-1`);
  }
  const key = new Uint8Array(userKey.length + TRAILER_BYTES);
  key.set(userKey);
  const low = Number(exact & 0xff_ffffn);
  const high = Number(exact >> 24n);
  writeTrailer(key, userKey.length, low, high, type === 'value' ? VALUE : DELETION);
  return key;
}

/** A string would become a key of zeros. */
function requireUserKey(userKey: unknown): void {
  if (isBytes(userKey)) return;
  const problem = `a user key must be a Uint8Array, not ${describeValue(userKey)}`;
  throw new SstError('SSTITCH_TABLE_OPTIONS', problem);
}

function writeTrailer(
  target: Uint8Array,
  position: number,
  low24: number,
  high32: number,
  type: number,
): void {
  target[position] = type;
  target[position + 1] = low24;
  target[position + 2] = low24 >>> 8;
  target[position + 3] = low24 >>> 16;
  target[position + 4] = high32;
  target[position + 5] = high32 >>> 8;
  target[position + 6] = high32 >>> 16;
  target[position + 7] = high32 >>> 24;
}

/** Writes the trailer that sorts before all entries of its user key. */
export function writeSeekTrailer(target: Uint8Array, position: number): void {
  writeTrailer(target, position, 0xff_ffff, 0xffff_ffff, VALUE);
}

/**
 * Returns the internal key that sorts before all entries of `userKey`.
 *
 * @throws SstError `SSTITCH_TABLE_OPTIONS` if it is not bytes
 */
export function seekKeyOf(userKey: Uint8Array): Uint8Array {
  requireUserKey(userKey);
  const key = new Uint8Array(userKey.length + TRAILER_BYTES);
  key.set(userKey);
  writeSeekTrailer(key, userKey.length);
  return key;
}

/** Returns the user key of an internal key, as a view. */
export function userKeyOf(internalKey: Uint8Array): Uint8Array {
  checkLength(internalKey);
  return internalKey.subarray(0, internalKey.length - TRAILER_BYTES);
}

/** Returns the sequence of an internal key. */
export function sequenceOf(internalKey: Uint8Array): bigint {
  checkLength(internalKey);
  const end = internalKey.length;
  const view = new DataView(internalKey.buffer, internalKey.byteOffset + end - TRAILER_BYTES, 8);
  return view.getBigUint64(0, true) >> 8n;
}

/**
 * Returns the sequence of an internal key as a number. It is exact up to `MAX_ENTRY_SEQUENCE`; larger sequences yield a
 * number that is not below that.
 *
 * @param end the end of the internal key in `bytes`
 */
export function sequenceNumberOf(bytes: Uint8Array, end: number = bytes.length): number {
  const low =
    (bytes[end - 7] as number) |
    ((bytes[end - 6] as number) << 8) |
    ((bytes[end - 5] as number) << 16);
  const high =
    ((bytes[end - 4] as number) |
      ((bytes[end - 3] as number) << 8) |
      ((bytes[end - 2] as number) << 16) |
      ((bytes[end - 1] as number) << 24)) >>>
    0;
  return high * 0x100_0000 + low;
}

/** Returns the type of an internal key. @throws SstError `SSTITCH_TABLE_CORRUPT` for an unknown type */
export function typeOf(internalKey: Uint8Array): EntryType {
  checkLength(internalKey);
  const code = typeCodeOf(internalKey, internalKey.length);
  if (code === VALUE) return 'value';
  if (code === DELETION) return 'deletion';
  throw new SstError('SSTITCH_TABLE_CORRUPT', `an internal key has the unknown type ${code}`);
}

/** Returns the type byte: 1 for a value, 0 for a deletion; others are not valid. */
export function typeCodeOf(bytes: Uint8Array, end: number): number {
  return bytes[end - TRAILER_BYTES] as number;
}

function checkLength(internalKey: Uint8Array): void {
  if (internalKey.length < TRAILER_BYTES) {
    throw new SstError(
      'SSTITCH_TABLE_CORRUPT',
      `an internal key has ${internalKey.length} bytes: it needs at least ${TRAILER_BYTES}`,
    );
  }
}

/** Compares internal keys. Returns a negative number, zero or a positive number. */
export function compareInternalKeys(a: Uint8Array, b: Uint8Array): number {
  checkLength(a);
  checkLength(b);
  return compareInternalRanges(a, 0, a.length, b, 0, b.length);
}

/** Compares the internal keys `a[aStart, aEnd)` and `b[bStart, bEnd)`, which have at least 8 bytes each. */
export function compareInternalRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const order = compareByteRanges(a, aStart, aEnd - TRAILER_BYTES, b, bStart, bEnd - TRAILER_BYTES);
  return order === 0 ? compareTrailers(a, aEnd, b, bEnd) : order;
}

/** Compares the trailers that end at `aEnd` and `bEnd`. The larger trailer comes first. */
export function compareTrailers(a: Uint8Array, aEnd: number, b: Uint8Array, bEnd: number): number {
  for (let back = 1; back <= TRAILER_BYTES; back += 1) {
    const difference = (b[bEnd - back] as number) - (a[aEnd - back] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
