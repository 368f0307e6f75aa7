// Reads numbers and byte strings in sequence from a part of a file, and checks each length before using it. For
// small parts only: it is too slow for the millions of entries of a table.

import { corrupt, type Location, type PebbleError } from '../errors.js';

const MAX_UVARINT_BYTES = 10;

export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #limit: number;
  readonly #what: string;
  readonly at: Location;
  position: number;

  /** @param what the name of the part in messages, such as 'a version edit' */
  constructor(bytes: Uint8Array, what: string, at: Location, start = 0, limit = bytes.length) {
    this.#bytes = bytes;
    this.#what = what;
    this.at = at;
    this.position = start;
    this.#limit = limit;
  }

  get atEnd(): boolean {
    return this.position === this.#limit;
  }

  byte(): number {
    if (this.position >= this.#limit) throw this.fault('is truncated');
    const byte = this.#bytes[this.position] as number;
    this.position += 1;
    return byte;
  }

  /** Reads a uvarint of up to 64 bits; returns Infinity if it is above 2^53 - 1. */
  uvarintOrInfinity(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < MAX_UVARINT_BYTES; count += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
      scale *= 0x80;
    }
    throw this.fault('holds a number of more than 10 bytes');
  }

  /** Reads a uvarint from 0 to 2^53 - 1. */
  uvarint(): number {
    const value = this.uvarintOrInfinity();
    if (value === Number.POSITIVE_INFINITY) throw this.fault('holds a number above 2^53');
    return value;
  }

  /** Reads a length-prefixed byte string; returns a view. */
  byteString(): Uint8Array {
    return this.take(this.uvarint());
  }

  /** Reads `length` bytes; returns a view. */
  take(length: number): Uint8Array {
    if (length > this.#limit - this.position) {
      throw this.fault(`is truncated: it claims ${length} more bytes`);
    }
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }

  uint32(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  fault(problem: string): PebbleError {
    return corrupt(`${this.#what} ${problem}`, this.at);
  }
}
