// A row block (LevelDB's): entries, each without the prefix that its key shares with the previous one.
//
//   shared    uvarint: how many bytes of the previous key this one begins with
//   rest      uvarint
//   value     uvarint: length
//   rest of the key, value
//
//   restart points  uint32 each: offsets of entries that share nothing; Pebble keeps a hint in bit 31
//   count           uint32: of restart points
//
// Entries are read from the first one on, so restart points are not used.

import { VarintReader } from '@sstitch/sst/file-format';
import { readUint32 } from '../encoding/fixed-numbers.js';
import { corrupt, type PebbleError } from '../errors.js';
import type { BlockCursor } from './entry-cursor.js';
import type { Block } from './stored-block.js';

const NOTHING = new Uint8Array(0);
const TRAILER_BYTES = 8;

/** Iterates over the entries of a row block with keys of any kind. */
export class RowReader {
  readonly #varints = new VarintReader();
  #block: Block = { bytes: NOTHING, at: { path: '' } };
  #entriesEnd = 0;
  data: Uint8Array = NOTHING;
  keyBytes: Uint8Array = new Uint8Array(256);
  keyLength = 0;
  /**
   * How many bytes of the key equal the previous key, which may be in the previous block, and how the next
   * bytes compare; 0 if one of the keys ends.
   */
  sameBytes = 0;
  difference = 0;
  #lengthBefore = 0;
  valueStart = 0;
  valueEnd = 0;

  load(block: Block): void {
    const { bytes } = block;
    this.#block = block;
    this.data = bytes;
    const restarts = bytes.length < 4 ? 0 : readUint32(bytes, bytes.length - 4);
    if (restarts === 0 || restarts > (bytes.length - 4) / 4) {
      throw this.fault(`cannot have ${restarts} restart points`);
    }
    this.#entriesEnd = bytes.length - 4 - 4 * restarts;
    this.keyLength = 0;
    this.valueEnd = 0;
  }

  /** Moves to the next entry, at first to the first one; returns false after the last one. */
  next(): boolean {
    const { data, keyLength } = this;
    const limit = this.#entriesEnd;
    if (this.valueEnd === limit) return false;
    const varints = this.#varints;
    varints.position = this.valueEnd;
    const shared = varints.read32(data, limit);
    const rest = shared < 0 ? -1 : varints.read32(data, limit);
    const valueBytes = rest < 0 ? -1 : varints.read32(data, limit);
    if (valueBytes < 0) throw this.fault('has a truncated entry');
    if (shared > keyLength)
      throw this.fault('has a key that shares more bytes than the previous key has');
    const restStart = varints.position;
    const valueStart = restStart + rest;
    if (valueStart + valueBytes > limit) throw this.fault('has an entry that extends past its end');
    this.#setKey(shared, restStart, valueStart);
    this.valueStart = valueStart;
    this.valueEnd = valueStart + valueBytes;
    return true;
  }

  #setKey(shared: number, start: number, end: number): void {
    const length = shared + end - start;
    if (length > this.keyBytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.keyBytes.length));
      larger.set(this.keyBytes);
      this.keyBytes = larger;
    }
    const { keyBytes, data } = this;
    const shorter = Math.min(length, this.#lengthBefore);
    let position = shared;
    let from = start;
    while (position < shorter && data[from] === keyBytes[position]) {
      position += 1;
      from += 1;
    }
    this.sameBytes = position;
    this.difference =
      position < shorter ? (data[from] as number) - (keyBytes[position] as number) : 0;
    for (; from < end; from += 1) {
      keyBytes[position] = data[from] as number;
      position += 1;
    }
    this.keyLength = length;
    this.#lengthBefore = length;
  }

  key(): Uint8Array {
    return this.keyBytes.slice(0, this.keyLength);
  }

  value(): Uint8Array {
    return this.data.subarray(this.valueStart, this.valueEnd);
  }

  /** A copy of the user key of an internal key. */
  userKey(): Uint8Array {
    return this.keyBytes.slice(0, this.userKeyLength());
  }

  userKeyLength(): number {
    if (this.keyLength < TRAILER_BYTES) {
      throw this.fault(`has an internal key of ${this.keyLength} bytes`);
    }
    return this.keyLength - TRAILER_BYTES;
  }

  fault(problem: string): PebbleError {
    return corrupt(`a row block of ${this.data.length} bytes ${problem}`, this.#block.at);
  }
}

const SET = 1;
const OBSOLETE_BIT = 64;
/** Bits of the byte before a value that say that the value is elsewhere. */
const EXTERNAL_BITS = 0xc0;

/** Iterates over the points of row data blocks, whose keys are internal keys. */
export class RowDataCursor implements BlockCursor {
  readonly #reader = new RowReader();
  readonly #hasValuePrefix: boolean;
  readonly #kindMask: number;
  #low = 0;
  #high = 0;
  valid = false;
  keyLength = 0;
  order = 1;
  sequence = 0;
  kind = 0;
  valueStart = 0;
  isExternal = false;

  /** @param version the version of the table format */
  constructor(version: number) {
    this.#hasValuePrefix = version >= 3;
    this.#kindMask = version >= 4 ? 0xff & ~OBSOLETE_BIT : 0xff;
  }

  get keyBytes(): Uint8Array {
    return this.#reader.keyBytes;
  }
  get data(): Uint8Array {
    return this.#reader.data;
  }
  get valueEnd(): number {
    return this.#reader.valueEnd;
  }

  neededBytes(block: Block): number {
    return block.bytes.length + this.#reader.keyBytes.length;
  }

  load(block: Block): void {
    this.valid = false;
    this.#reader.load(block);
    this.#step(true);
  }

  next(): void {
    this.#step(false);
  }

  #step(isFirst: boolean): void {
    const reader = this.#reader;
    this.valid = reader.next();
    if (!this.valid) return;
    const userBytes = reader.userKeyLength();
    const isSame = reader.sameBytes >= Math.min(userBytes, this.keyLength);
    // A key that is a prefix of the other is less.
    this.order = isSame ? userBytes - this.keyLength : reader.difference;
    this.keyLength = userBytes;
    const low = readUint32(reader.keyBytes, userBytes);
    const high = readUint32(reader.keyBytes, userBytes + 4);
    const trailerOrder = high - this.#high || low - this.#low;
    if (!isFirst && (this.order < 0 || (this.order === 0 && trailerOrder >= 0))) {
      throw reader.fault(`has an entry out of order, which ends at its byte ${reader.valueEnd}`);
    }
    this.#low = low;
    this.#high = high;
    this.kind = low & this.#kindMask;
    this.sequence = high * 0x100_0000 + (low >>> 8);
    this.#takeValue();
  }

  #takeValue(): void {
    const reader = this.#reader;
    this.valueStart = reader.valueStart;
    this.isExternal = false;
    if (!this.#hasValuePrefix || this.kind !== SET) return;
    if (reader.valueStart === reader.valueEnd) throw reader.fault('has a value without its prefix');
    this.isExternal = ((reader.data[reader.valueStart] as number) & EXTERNAL_BITS) !== 0;
    this.valueStart += 1;
  }
}
