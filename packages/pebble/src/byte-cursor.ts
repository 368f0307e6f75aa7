// Reads numbers and byte strings one after another from a part of a file; each length is checked before it
// is used. For small parts: nothing here is made for the millions of entries of a table.

import { corrupt, type Location, type PebbleError } from './errors.js';

const MAX_UVARINT_BYTES = 10;

export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #limit: number;
  readonly #what: string;
  readonly at: Location;
  position: number;

  /** @param what for messages, such as 'a version edit' */
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
    if (this.position >= this.#limit) throw this.fault('is cut off');
    const byte = this.#bytes[this.position] as number;
    this.position += 1;
    return byte;
  }

  /** A uvarint of up to 64 bits; Infinity if it is above 2^53 - 1. */
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

  /** A uvarint from 0 to 2^53 - 1. */
  uvarint(): number {
    const value = this.uvarintOrInfinity();
    if (value === Number.POSITIVE_INFINITY) throw this.fault('holds a number above 2^53');
    return value;
  }

  /** A byte string with its length in front: a view. */
  byteString(): Uint8Array {
    return this.take(this.uvarint());
  }

  /** The next `length` bytes: a view. */
  take(length: number): Uint8Array {
    if (length > this.#limit - this.position) {
      throw this.fault(`is cut off: it claims ${length} more bytes`);
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
