// A growing byte buffer that is written in place: an array for each key and value of a bulk load would cost
// more than writing the bytes.
import { ESCAPE_BYTES_PER_CHARACTER, writeElement } from '@sstitch/keys';

/** The most UTF-8 bytes for a UTF-16 unit; a surrogate pair takes 4. */
const UTF8_BYTES_PER_CHARACTER = 3;
const MAX_VARINT_BYTES = 10;
/** Up to this size a loop is faster than a call of `set`. */
const LOOP_COPY_BYTES = 48;

const DOUBLE_BYTES = 8;
/** The first byte of an element of a key. */
const SEPARATOR = 0;

/** The source of an arena's blocks. */
export interface BlockMemory {
  /** Lends a block of at least `leastBytes`. */
  take(leastBytes: number): Uint8Array;
  /** Accepts a block back. */
  give(block: Uint8Array): void;
}

export class ByteArena {
  bytes: Uint8Array;
  /** The number of bytes in use. */
  length = 0;
  readonly #memory: BlockMemory;

  constructor(memory: BlockMemory, firstBytes: number) {
    this.#memory = memory;
    this.bytes = memory.take(firstBytes);
  }

  /** Makes room for `moreBytes` after the end. */
  reserve(moreBytes: number): void {
    const needed = this.length + moreBytes;
    if (needed <= this.bytes.length) return;
    const larger = this.#memory.take(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.#memory.give(this.bytes);
    this.bytes = larger;
  }

  /** Appends an element of a key with its separator. */
  element(text: string): void {
    // `writeElement` refuses a value that is not a string.
    const characters = typeof text === 'string' ? text.length : 0;
    this.reserve(1 + ESCAPE_BYTES_PER_CHARACTER * characters);
    this.length = writeElement(this.bytes, this.length, text);
  }

  /** Appends `source[start, end)`, an element of a key that needs no escapes, with its separator. */
  plainElement(source: Uint8Array, start: number, end: number): void {
    this.reserve(1 + end - start);
    const { bytes } = this;
    let to = this.length;
    bytes[to++] = SEPARATOR;
    for (let at = start; at < end; at++) bytes[to++] = source[at] as number;
    this.length = to;
  }

  /** Appends a number from 0 to 2^53 - 1 as a varint: seven bits a byte, the lowest first. */
  varint(value: number): void {
    this.reserve(MAX_VARINT_BYTES);
    let rest = value;
    // Shifts work only on 32 bits.
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) {
      this.bytes[this.length++] = (rest % 128) | 0x80;
    }
    for (; rest > 0x7f; rest >>>= 7) this.bytes[this.length++] = (rest & 0x7f) | 0x80;
    this.bytes[this.length++] = rest;
  }

  /** Appends the lowest 64 bits of a number as a varint; a negative number takes ten bytes. */
  bigVarint(value: bigint): void {
    this.reserve(MAX_VARINT_BYTES);
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
    this.bytes[this.length++] = Number(rest);
  }

  /** Appends a number as a little-endian IEEE 754 double. */
  double(value: number): void {
    this.reserve(DOUBLE_BYTES);
    const { buffer, byteOffset } = this.bytes;
    new DataView(buffer, byteOffset + this.length, DOUBLE_BYTES).setFloat64(0, value, true);
    this.length += DOUBLE_BYTES;
  }

  /** Appends `source[start, end)`, which may be part of this arena. */
  copy(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start;
    this.reserve(length);
    const { bytes, length: to } = this;
    if (length > LOOP_COPY_BYTES) bytes.set(source.subarray(start, end), to);
    else for (let at = 0; at < length; at++) bytes[to + at] = source[start + at] as number;
    this.length += length;
  }

  /**
   * Appends a string as length-prefixed UTF-8. Returns false, and appends nothing, if the string has a lone surrogate.
   */
  lengthAndText(text: string): boolean {
    const units = text.length;
    this.reserve(MAX_VARINT_BYTES + UTF8_BYTES_PER_CHARACTER * units);
    const { bytes } = this;
    const lengthAt = this.length;
    // Reserves as many bytes for the length as an ASCII string needs, which most strings are.
    const start = lengthAt + varintBytes(units);
    let to = start;
    for (let at = 0; at < units; at++) {
      const unit = text.charCodeAt(at);
      if (unit < 0x80) {
        bytes[to++] = unit;
      } else if (unit < 0x800) {
        bytes[to++] = 0xc0 | (unit >> 6);
        bytes[to++] = 0x80 | (unit & 0x3f);
      } else if (unit < 0xd800 || unit > 0xdfff) {
        bytes[to++] = 0xe0 | (unit >> 12);
        bytes[to++] = 0x80 | ((unit >> 6) & 0x3f);
        bytes[to++] = 0x80 | (unit & 0x3f);
      } else {
        at += 1;
        const low = at < units ? text.charCodeAt(at) : 0;
        if (unit >= 0xdc00 || low < 0xdc00 || low > 0xdfff) return false;
        const point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        bytes[to++] = 0xf0 | (point >> 18);
        bytes[to++] = 0x80 | ((point >> 12) & 0x3f);
        bytes[to++] = 0x80 | ((point >> 6) & 0x3f);
        bytes[to++] = 0x80 | (point & 0x3f);
      }
    }
    this.length = to;
    this.putLengthBefore(lengthAt, start);
    return true;
  }

  /** Writes, at `lengthAt`, the length of the bytes from `start` to the end, and moves them if necessary. */
  putLengthBefore(lengthAt: number, start: number): void {
    const length = this.length - start;
    const wanted = lengthAt + varintBytes(length);
    if (wanted !== start) {
      this.reserve(MAX_VARINT_BYTES);
      this.bytes.copyWithin(wanted, start, this.length);
    }
    this.length = lengthAt;
    this.varint(length);
    this.length += length;
  }
}

/** How many bytes the varint of a number below 2^31 takes. */
function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes += 1;
  return bytes;
}
