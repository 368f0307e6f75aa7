// Short index keys, which separate a data block from the next (LevelDB's FindShortestSeparator and FindShortSuccessor
// for internal keys). If the user key can be shortened, it gets the trailer that sorts first. Otherwise the last key of
// the block is the index key.

import { TRAILER_BYTES, writeSeekTrailer } from './internal-key.js';

/**
 * Shortens `last` in place to a key that is at or after it and before `next`.
 *
 * @param sharedBytes the number of leading bytes that both keys share
 * @returns the new length of the key
 */
export function shortenToSeparator(
  last: Uint8Array,
  lastLength: number,
  next: Uint8Array,
  nextLength: number,
  sharedBytes: number,
): number {
  const lastUserLength = lastLength - TRAILER_BYTES;
  const nextUserLength = nextLength - TRAILER_BYTES;
  // If one user key is a prefix of the other, there is no shorter separator.
  if (sharedBytes >= lastUserLength || sharedBytes >= nextUserLength) return lastLength;
  const byte = last[sharedBytes] as number;
  if (byte === 0xff || byte + 1 >= (next[sharedBytes] as number)) return lastLength;
  return replaceFrom(last, lastLength, sharedBytes, byte);
}

/** Shortens `last` in place to a key that is at or after it. Returns the new length of the key. */
export function shortenToSuccessor(last: Uint8Array, lastLength: number): number {
  const userLength = lastLength - TRAILER_BYTES;
  for (let index = 0; index < userLength; index += 1) {
    const byte = last[index] as number;
    if (byte !== 0xff) return replaceFrom(last, lastLength, index, byte);
  }
  return lastLength;
}

function replaceFrom(key: Uint8Array, length: number, index: number, byte: number): number {
  const shortUserLength = index + 1;
  // As in LevelDB, only a shorter key replaces the key.
  if (shortUserLength >= length - TRAILER_BYTES) return length;
  key[index] = byte + 1;
  writeSeekTrailer(key, shortUserLength);
  return shortUserLength + TRAILER_BYTES;
}
