// A columnar block (Pebble's colblk): rows stored column by column.
//
// custom header  its length depends on the kind of block
//   version        1 byte: 1
//   columns        uint16
//   rows           uint32
//   for each column: type (1 byte: 1 bool, 2 uint, 3 bytes, 4 prefix bytes), uint32 offset of its data
//   column data    each column ends where the next one begins
//   0              1 byte
//
// Offsets, and the alignment inside columns, count from the first byte of the block.
//
// uint, n values (no bytes if n is 0):
//   encoding  1 byte: width 0, 1, 2, 4 or 8, and 128 if there is a base
//   base      uint64
//   zeros     up to a multiple of the width
//   n times width bytes; a value is the base plus the stored number
//
// bytes, n strings (no bytes if n is 0): a uint column of n + 1 offsets, then the bytes.
//
// bool, n bits:
//   encoding  1 byte: 1 if all are false and nothing follows, else 0
//   zeros     up to a multiple of 8
//   a uint64 for each word of 64 bits, then a uint64 for each summary of 64 words
//
// The number of rows is at most the number of bytes of the block: the rows of a block differ, so that some
// column has a byte for each. This also bounds memory that is allocated by the number of rows.

import { readUint16, readUint32 } from '../encoding/fixed-numbers.js';
import { corrupt, type PebbleError, unsupported } from '../errors.js';
import type { Block } from './stored-block.js';

export const BOOL = 1;
export const UINT = 2;
export const BYTES = 3;
export const PREFIX_BYTES = 4;

const HEAD_BYTES = 7;
const COLUMN_HEAD_BYTES = 5;
const VERSION = 1;
const HAS_BASE = 0x80;

/** The offsets of the strings of a bytes column: string i is `bytes[offsets[i], offsets[i + 1])`. */
export type Offsets = Uint32Array;

export class ColumnarBlock {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly #block: Block;
  readonly #what: string;
  /** The start of each column, and the end of the last one. */
  readonly #starts: number[] = [];

  /**
   * @param what the name of the block in messages, such as 'a data block'
   * @param types the types of the columns of this kind of block
   */
  constructor(block: Block, what: string, customHeaderBytes: number, types: readonly number[]) {
    this.#block = block;
    this.#what = what;
    this.bytes = block.bytes;
    const { bytes } = block;
    const headsEnd = customHeaderBytes + HEAD_BYTES + types.length * COLUMN_HEAD_BYTES;
    if (bytes.length < headsEnd + 1) throw this.fault('is truncated');
    if (bytes[customHeaderBytes] !== VERSION) {
      const version = bytes[customHeaderBytes];
      throw unsupported(`${what} has version ${version} of the columnar format`, block.at);
    }
    const columns = readUint16(bytes, customHeaderBytes + 1);
    if (columns !== types.length) {
      throw this.fault(`has ${columns} columns instead of ${types.length}`);
    }
    this.rows = readUint32(bytes, customHeaderBytes + 3);
    if (this.rows > bytes.length) {
      throw this.fault(`of ${bytes.length} bytes claims ${this.rows} rows`);
    }
    const end = bytes.length - 1;
    if (bytes[end] !== 0) throw this.fault('does not end in a zero');
    let previous = headsEnd;
    for (const [column, type] of types.entries()) {
      const head = customHeaderBytes + HEAD_BYTES + column * COLUMN_HEAD_BYTES;
      const start = readUint32(bytes, head + 1);
      if (bytes[head] !== type) throw this.fault(`has type ${bytes[head]} in column ${column}`);
      const isInPlace = column === 0 ? start === headsEnd : start >= previous && start <= end;
      if (!isInPlace) throw this.fault(`has column ${column} at byte ${start}`);
      this.#starts.push(start);
      previous = start;
    }
    this.#starts.push(end);
  }

  startOf(column: number): number {
    return this.#starts[column] as number;
  }

  endOf(column: number): number {
    return this.#starts[column + 1] as number;
  }

  /** Reads a uint column of 32-bit values. */
  uint32s(column: number, count: number): Uint32Array {
    const values = new Uint32Array(count);
    this.checkEnd(column, this.#uints(column, this.startOf(column), values, undefined));
    return values;
  }

  /** Reads a uint column as the low and the high halves of its values. */
  uint64s(column: number, count: number): { low: Uint32Array; high: Uint32Array } {
    const low = new Uint32Array(count);
    const high = new Uint32Array(count);
    this.checkEnd(column, this.#uints(column, this.startOf(column), low, high));
    return { low, high };
  }

  /** Reads a uint column of numbers up to 2^53 - 1. */
  uints(column: number, count: number): Float64Array {
    const { low, high } = this.uint64s(column, count);
    return Float64Array.from(low, (lowHalf, index) => {
      const value = (high[index] as number) * 2 ** 32 + lowHalf;
      if (value > Number.MAX_SAFE_INTEGER) throw this.fault('has a number above 2^53');
      return value;
    });
  }

  /** Reads a bytes column. */
  strings(column: number, count: number): Offsets {
    const start = this.startOf(column);
    if (count === 0) {
      this.checkEnd(column, start);
      return new Uint32Array(1);
    }
    const offsets = new Uint32Array(count + 1);
    const base = this.#uints(column, start, offsets, undefined);
    if (offsets[0] !== 0) throw this.fault(`has a gap in column ${column}`);
    return this.#divide(column, base, offsets);
  }

  /** Reads the strings of a prefix bytes column, which stores their ends, at `start`. */
  stringsByEnds(column: number, start: number, count: number): Offsets {
    const offsets = new Uint32Array(count + 1);
    const base = this.#uints(column, start, offsets.subarray(1), undefined);
    return this.#divide(column, base, offsets);
  }

  /** Converts offsets relative to `base` to absolute ones; the last one must be the end of the column. */
  #divide(column: number, base: number, offsets: Offsets): Offsets {
    const room = this.endOf(column) - base;
    let previous = 0;
    for (let index = 0; index < offsets.length; index += 1) {
      const offset = offsets[index] as number;
      if (offset < previous || offset > room) {
        throw this.fault(`has a string in column ${column} that lies outside the column`);
      }
      previous = offset;
      offsets[index] = base + offset;
    }
    this.checkEnd(column, base + previous);
    return offsets;
  }

  /** Reads a bool column: whether any bit is set, and which. */
  bools(column: number, count: number): { any: boolean; has(row: number): boolean } {
    const start = this.startOf(column);
    if (count === 0) return { any: false, has: () => false };
    this.#checkRoom(column, start, 1);
    const encoding = this.bytes[start] as number;
    if (encoding === 1) {
      this.checkEnd(column, start + 1);
      return { any: false, has: () => false };
    }
    if (encoding !== 0) throw this.fault(`has the encoding ${encoding} in bool column ${column}`);
    const words = (start + 1 + 7) & ~7;
    const wordCount = Math.ceil(count / 64);
    this.checkEnd(column, words + 8 * (wordCount + Math.ceil(wordCount / 64)));
    const { bytes } = this;
    return {
      any: bytes.subarray(words, words + 8 * wordCount).some((byte) => byte !== 0),
      has: (row) => (((bytes[words + (row >>> 3)] as number) >>> (row & 7)) & 1) === 1,
    };
  }

  /** Fills `low` with the lower and `high` with the upper halves of the values; returns the end of the values. */
  #uints(column: number, start: number, low: Uint32Array, high: Uint32Array | undefined): number {
    const count = low.length;
    if (count === 0) return start;
    const { bytes } = this;
    this.#checkRoom(column, start, 1);
    const encoding = bytes[start] as number;
    const width = encoding & ~HAS_BASE;
    if (width > 8 || (width & (width - 1)) !== 0) {
      throw this.fault(`has the encoding ${encoding} in uint column ${column}`);
    }
    let position = start + 1;
    let baseLow = 0;
    let baseHigh = 0;
    if ((encoding & HAS_BASE) !== 0) {
      this.#checkRoom(column, position, 8);
      baseLow = readUint32(bytes, position);
      baseHigh = readUint32(bytes, position + 4);
      position += 8;
    }
    if (width > 1) position = (position + width - 1) & -width;
    this.#checkRoom(column, position, count * width);
    for (let index = 0; index < count; index += 1) {
      let valueLow = baseLow;
      let valueHigh = baseHigh;
      if (width === 1) valueLow += bytes[position] as number;
      else if (width === 2) valueLow += readUint16(bytes, position);
      else if (width !== 0) valueLow += readUint32(bytes, position);
      if (width === 8) valueHigh += readUint32(bytes, position + 4);
      if (valueLow > 0xffff_ffff) valueHigh += 1;
      if (valueHigh > (high === undefined ? 0 : 0xffff_ffff)) {
        throw this.fault(`has a number in column ${column} that is too large`);
      }
      low[index] = valueLow;
      if (high !== undefined) high[index] = valueHigh;
      position += width;
    }
    return position;
  }

  #checkRoom(column: number, position: number, length: number): void {
    if (position + length > this.endOf(column)) {
      throw this.fault(`has a truncated column ${column}`);
    }
  }

  /** Checks that a column ends where the next one begins. */
  checkEnd(column: number, end: number): void {
    if (end !== this.endOf(column)) {
      throw this.fault(`has ${this.endOf(column) - end} bytes too many in column ${column}`);
    }
  }

  fault(problem: string): PebbleError {
    return corrupt(`${this.#what} ${problem}`, this.#block.at);
  }
}
