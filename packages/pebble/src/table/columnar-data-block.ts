// The data block of table format 5 and later. Custom header: uint32, the length of the longest key. Columns:
//
//   0 prefix bytes  the key's prefix: the whole key, because the comparer does not divide keys
//   1 bytes         the key's suffix: empty
//   2 uint          trailer: sequence << 8 | kind
//   3 bool          whether the prefix differs from that of the previous row
//   4 bytes         value
//   5 bool          whether the value is in a value block and its handle is here
//   6 bool          a hint
//
// Prefix bytes, n keys in order, in bundles of 2^s:
//
//   s        1 byte
//   offsets  a uint column: the end of each string
//   strings  the prefix of all keys; then for each bundle the further prefix that its keys share, and the
//            rest of each of its keys
//
// An empty rest means that the key equals the previous one, except for the first key of a bundle.

import { unsupported } from '../errors.js';
import { BOOL, BYTES, ColumnarBlock, type Offsets, PREFIX_BYTES, UINT } from './columnar-block.js';
import { type BlockCursor, KeyBuffer } from './entry-cursor.js';
import type { Block } from './stored-block.js';

const NOTHING = new Uint8Array(0);
const CUSTOM_HEADER_BYTES = 4;
const COLUMNS = [PREFIX_BYTES, BYTES, UINT, BOOL, BYTES, BOOL, BOOL];
const PREFIX = 0;
const SUFFIX = 1;
const TRAILER = 2;
const VALUE = 4;
const IS_EXTERNAL = 5;
const MAX_BUNDLE_SHIFT = 30;
/** The size of the decoded numbers of a row. */
const ROW_BYTES = 24;

/** Iterates over the rows of columnar data blocks; one cursor serves many blocks. */
export class ColumnarDataCursor implements BlockCursor {
  readonly #key = new KeyBuffer();
  #block: ColumnarBlock | undefined;
  #row = -1;
  #bundleShift = 0;
  #bundleMask = 0;
  /** The offsets of the strings of the keys. */
  #strings: Offsets = new Uint32Array(0);
  /** The length of the prefix that the keys of the bundle share. */
  #bundlePrefixBytes = 0;
  #low: Uint32Array = new Uint32Array(0);
  #high: Uint32Array = new Uint32Array(0);
  #values: Offsets = new Uint32Array(0);
  #externals: { any: boolean; has(row: number): boolean } = { any: false, has: () => false };
  data: Uint8Array = NOTHING;
  valid = false;
  sequence = 0;
  kind = 0;
  valueStart = 0;
  valueEnd = 0;
  isExternal = false;

  get keyBytes(): Uint8Array {
    return this.#key.bytes;
  }
  get keyLength(): number {
    return this.#key.length;
  }
  get order(): number {
    return this.#key.order;
  }

  neededBytes(stored: Block): number {
    const { rows, bytes } = openBlock(stored);
    return bytes.length + this.#key.bytes.length + ROW_BYTES * rows;
  }

  load(stored: Block): void {
    this.valid = false;
    const block = openBlock(stored);
    this.#block = block;
    const { rows } = block;
    this.data = block.bytes;
    this.#row = -1;
    if (rows === 0) return;
    this.#loadKeys(block);
    const suffixes = block.strings(SUFFIX, rows);
    if (suffixes[0] !== suffixes[rows]) {
      throw unsupported(
        'the keys of a data block have suffixes, so another comparer wrote it',
        stored.at,
      );
    }
    const trailers = block.uint64s(TRAILER, rows);
    this.#low = trailers.low;
    this.#high = trailers.high;
    this.#values = block.strings(VALUE, rows);
    this.#externals = block.bools(IS_EXTERNAL, rows);
    this.next();
  }

  #loadKeys(block: ColumnarBlock): void {
    const start = block.startOf(PREFIX);
    const shift = block.bytes[start] as number;
    if (shift > MAX_BUNDLE_SHIFT) throw block.fault(`has bundles of 2^${shift} keys`);
    const bundles = Math.ceil(block.rows / 2 ** shift);
    this.#bundleShift = shift;
    this.#bundleMask = 2 ** shift - 1;
    this.#strings = block.stringsByEnds(PREFIX, start + 1, 1 + bundles + block.rows);
  }

  next(): void {
    const block = this.#block as ColumnarBlock;
    const row = this.#row + 1;
    if (row >= block.rows) {
      this.valid = false;
      return;
    }
    const isFirst = row === 0;
    const lowBefore = isFirst ? 0 : (this.#low[row - 1] as number);
    const highBefore = isFirst ? 0 : (this.#high[row - 1] as number);
    this.#row = row;
    this.#readKey(block.bytes, row);
    const low = this.#low[row] as number;
    const high = this.#high[row] as number;
    if (!isFirst) this.#checkOrder(block, row, high - highBefore || low - lowBefore);
    this.kind = low & 0xff;
    this.sequence = high * 0x100_0000 + (low >>> 8);
    this.valueStart = this.#values[row] as number;
    this.valueEnd = this.#values[row + 1] as number;
    this.isExternal = this.#externals.any && this.#externals.has(row);
    this.valid = true;
  }

  #readKey(bytes: Uint8Array, row: number): void {
    const strings = this.#strings;
    const key = this.#key;
    const rest = 2 + (row >>> this.#bundleShift) + row;
    const restStart = strings[rest] as number;
    const restEnd = strings[rest + 1] as number;
    if ((row & this.#bundleMask) === 0) {
      const sharedStart = strings[0] as number;
      const sharedEnd = strings[1] as number;
      const prefixStart = strings[rest - 1] as number;
      // The first key of a block follows a key of another block.
      key.begin(row === 0 ? 0 : sharedEnd - sharedStart);
      if (row === 0) key.append(bytes, sharedStart, sharedEnd);
      key.append(bytes, prefixStart, restStart);
      this.#bundlePrefixBytes = sharedEnd - sharedStart + restStart - prefixStart;
    } else if (restStart === restEnd) {
      key.order = 0;
      return;
    } else {
      key.begin(this.#bundlePrefixBytes);
    }
    key.append(bytes, restStart, restEnd);
    key.finish();
  }

  #checkOrder(block: ColumnarBlock, row: number, trailerOrder: number): void {
    const { order } = this.#key;
    if (order > 0 || (order === 0 && trailerOrder < 0)) return;
    throw block.fault(`has row ${row} out of order`);
  }
}

function openBlock(stored: Block): ColumnarBlock {
  return new ColumnarBlock(stored, 'a data block', CUSTOM_HEADER_BYTES, COLUMNS);
}
