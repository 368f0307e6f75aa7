// Variable-length integers (LevelDB's util/coding): seven bits in each byte, least significant first. The high bit of a
// byte is set if another byte follows.

/** The size limit of a 32-bit varint. */
export const MAX_VARINT32_BYTES = 5;
/** The size limit of a 64-bit varint. */
export const MAX_VARINT64_BYTES = 10;

/** Returns the encoded size of an integer from 0 to 2^53 - 1. */
export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count += 1;
  return count;
}

/** Writes an integer from 0 to 2^53 - 1 and returns the position after it. */
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

/** Reads varints one after another. It keeps the position itself, so that reads allocate no objects. */
export class VarintReader {
  /** The position after the last varint. */
  position = 0;

  /** Reads the 32-bit varint at `position`. Returns -1 if it reaches beyond `limit`, is too long or too large. */
  read32(bytes: Uint8Array, limit: number): number {
    return this.#read(bytes, limit, MAX_VARINT32_BYTES, 0xffff_ffff);
  }

  /** Reads the 64-bit varint at `position`. Returns -1 as `read32`; values above 2^53 - 1 are too large. */
  read64(bytes: Uint8Array, limit: number): number {
    return this.#read(bytes, limit, MAX_VARINT64_BYTES, Number.MAX_SAFE_INTEGER);
  }

  #read(bytes: Uint8Array, limit: number, maxBytes: number, max: number): number {
    const first = this.position < limit ? (bytes[this.position] as number) : 0x80;
    // Most lengths in a block have one byte.
    if (first < 0x80) {
      this.position += 1;
      return first;
    }
    // Values of up to four bytes are small integers, which V8 computes fastest.
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
