// Index keys (LevelDB's FindShortestSeparator and FindShortSuccessor for internal keys): short keys that
// part one data block from the next. Both shorten the user key where they can, and then put the trailer
// that sorts first behind it; where they cannot, the last key itself is the index key.

import { TRAILER_BYTES, writeSeekTrailer } from './internal-key.js';

/**
 * Shortens `last` to a key that is at or behind it and before `next`, in place.
 *
 * @param sharedBytes how many leading bytes both keys have in common
 * @returns the length of the key that `last` then holds
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
  // A key that is a prefix of the other cannot be shortened.
  if (sharedBytes >= lastUserLength || sharedBytes >= nextUserLength) return lastLength;
  const byte = last[sharedBytes] as number;
  if (byte === 0xff || byte + 1 >= (next[sharedBytes] as number)) return lastLength;
  return replaceFrom(last, lastLength, sharedBytes, byte);
}

/** Shortens `last` to a key at or behind it, in place; returns its length. */
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
  // As LevelDB: a key that got larger but not shorter is of no use.
  if (shortUserLength >= length - TRAILER_BYTES) return length;
  key[index] = byte + 1;
  writeSeekTrailer(key, shortUserLength);
  return shortUserLength + TRAILER_BYTES;
}
