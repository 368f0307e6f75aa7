// Variable-length integers (LevelDB's util/coding): seven bits a byte, least significant first; the
// high bit says that another byte follows.

/** A 32-bit value takes at most this many bytes. */
export const MAX_VARINT32_BYTES = 5;
/** A 64-bit value takes at most this many bytes. */
export const MAX_VARINT64_BYTES = 10;

/** How many bytes `value` takes: a whole number from 0 to 2^53-1. */
export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count += 1;
  return count;
}

/** Writes a whole number from 0 to 2^53-1 and returns the position behind it. */
export function writeVarint(target: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  while (rest >= 0x80) {
    target[at] = (rest % 0x80) | 0x80;
    at += 1;
    rest = Math.floor(rest / 0x80);
  }
  target[at] = rest;
  return at + 1;
}

/** Reads varints one after another; keeps its place, so that no result object is made. */
export class VarintReader {
  /** Behind the last varint read. */
  position = 0;

  /** The 32-bit varint at `position`, or -1 if it is cut off by `limit`, too long or too large. */
  read32(bytes: Uint8Array, limit: number): number {
    return this.#read(bytes, limit, MAX_VARINT32_BYTES, 0xffff_ffff);
  }

  /** The 64-bit varint at `position`, or -1; values above 2^53-1 count as too large. */
  read64(bytes: Uint8Array, limit: number): number {
    return this.#read(bytes, limit, MAX_VARINT64_BYTES, Number.MAX_SAFE_INTEGER);
  }

  #read(bytes: Uint8Array, limit: number, maxBytes: number, max: number): number {
    const first = this.position < limit ? (bytes[this.position] as number) : 0x80;
    // Nearly all lengths of a block are this short.
    if (first < 0x80) {
      this.position += 1;
      return first;
    }
    // Up to four bytes fit the small numbers that V8 computes fastest.
    let short = first & 0x7f;
    let at = this.position + 1;
    for (let shift = 7; shift < 28 && at < limit; shift += 7) {
      const byte = bytes[at] as number;
      at += 1;
      short |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.position = at;
        return short;
      }
    }
    let value = 0;
    let scale = 1;
    for (let count = 0; count < maxBytes && this.position < limit; count += 1) {
      const byte = bytes[this.position] as number;
      this.position += 1;
      value += (byte & 0x7f) * scale;
      if (value > max) return -1;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    return -1;
  }
}
