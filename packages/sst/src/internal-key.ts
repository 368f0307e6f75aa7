// Internal keys: what a database's tables are sorted by (LevelDB's db/dbformat).
//
//   user key: bytes
//   trailer:  8 bytes, little-endian: sequence << 8 | type
//
//   byte of the trailer   0     1 … 7
//                         type  sequence, least significant byte first
//
// Order: user key bytewise ascending, then trailer descending: the newest version comes first.
// A type is 1 for a value and 0 for a deletion. Nothing here makes a BigInt for each entry.

import { compareByteRanges } from './compare-bytes.js';
import { SstError } from './errors.js';

/** What an entry says of its user key. */
export type EntryType = 'value' | 'deletion';

/** Bytes behind the user key. */
export const TRAILER_BYTES = 8;
/** The largest sequence that the format holds; LevelDB keeps it for seeking. */
export const MAX_SEQUENCE = 2n ** 56n - 1n;
/**
 * The largest sequence that this package writes or accepts in a table: beyond it a JavaScript number
 * is not exact. A database that writes a million entries a second gets there after 285 years.
 */
export const MAX_ENTRY_SEQUENCE = Number.MAX_SAFE_INTEGER;

const DELETION = 0;
const VALUE = 1;

/**
 * Makes an internal key.
 *
 * @param sequence 0 to `MAX_SEQUENCE`, else `SSTITCH_TABLE_OPTIONS`
 */
export function makeInternalKey(
  userKey: Uint8Array,
  sequence: bigint | number,
  type: EntryType,
): Uint8Array {
  const exact = BigInt(sequence);
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

/** Writes the trailer that sorts before every entry of its user key: where a seek to it starts. */
export function writeSeekTrailer(target: Uint8Array, position: number): void {
  writeTrailer(target, position, 0xff_ffff, 0xffff_ffff, VALUE);
}

/** The internal key that sorts before every entry of `userKey`. */
export function seekKeyOf(userKey: Uint8Array): Uint8Array {
  const key = new Uint8Array(userKey.length + TRAILER_BYTES);
  key.set(userKey);
  writeSeekTrailer(key, userKey.length);
  return key;
}

/** The user key of an internal key: a view, not a copy. */
export function userKeyOf(internalKey: Uint8Array): Uint8Array {
  checkLength(internalKey);
  return internalKey.subarray(0, internalKey.length - TRAILER_BYTES);
}

/** The sequence of an internal key. */
export function sequenceOf(internalKey: Uint8Array): bigint {
  checkLength(internalKey);
  const end = internalKey.length;
  const view = new DataView(internalKey.buffer, internalKey.byteOffset + end - TRAILER_BYTES, 8);
  return view.getBigUint64(0, true) >> 8n;
}

/**
 * The sequence as a number: exact up to `MAX_ENTRY_SEQUENCE`, and above it never below that.
 *
 * @param end where the internal key ends in `bytes`
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

/** What the entry of this internal key is; `SSTITCH_TABLE_CORRUPT` if its type byte is unknown. */
export function typeOf(internalKey: Uint8Array): EntryType {
  checkLength(internalKey);
  const code = typeCodeOf(internalKey, internalKey.length);
  if (code === VALUE) return 'value';
  if (code === DELETION) return 'deletion';
  throw new SstError('SSTITCH_TABLE_CORRUPT', `an internal key has the unknown type ${code}`);
}

/** The type byte: 1 value, 0 deletion, else not valid. */
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

/** Order of internal keys: negative, zero or positive. */
export function compareInternalKeys(a: Uint8Array, b: Uint8Array): number {
  checkLength(a);
  checkLength(b);
  return compareInternalRanges(a, 0, a.length, b, 0, b.length);
}

/** Order of the internal keys `a[aStart, aEnd)` and `b[bStart, bEnd)`, each of 8 bytes or more. */
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

/** Order by the trailers alone, which end at `aEnd` and `bEnd`: the larger one comes first. */
export function compareTrailers(a: Uint8Array, aEnd: number, b: Uint8Array, bEnd: number): number {
  for (let back = 1; back <= TRAILER_BYTES; back += 1) {
    const difference = (b[bEnd - back] as number) - (a[aEnd - back] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
