// Iterates over the entries of a decoded block (format: block-builder.ts). It does not trust the block: each length is
// checked before it is used, and a fault is an `SstError` with the block's offset.
//
// Invariants:
// - while `valid`, `keyBytes[0, keyLength)` is the current key, assembled from the entries since its restart point, and
//   `data[valueStart, valueEnd)` is its value;
// - one reader is used for many blocks, so that its key buffer is allocated once.

import { copyBytes, grown } from '../compare-bytes.js';
import { readFixed32 } from '../encoding/checksum.js';
import { compareInternalRanges } from '../encoding/internal-key.js';
import { VarintReader } from '../encoding/varint.js';
import { corrupt, type SstError, type TableLocation } from '../errors.js';

const NOTHING = new Uint8Array(0);

/** The current entry of an iterator, as ranges that are valid until the iterator moves. */
export interface EntryCursor {
  /** Whether the cursor is at an entry. If not, the other members mean nothing. */
  readonly valid: boolean;
  /** Holds the internal key in its first `keyLength` bytes. */
  readonly keyBytes: Uint8Array;
  /** The length of that key, in bytes, its trailer included. */
  readonly keyLength: number;
  /** Holds the value from `valueStart` to `valueEnd`. */
  readonly data: Uint8Array;
  /** The offset in `data` at which the value begins. */
  readonly valueStart: number;
  /** The offset in `data` at which the value ends. */
  readonly valueEnd: number;
}

/** An iterator over a block. */
export class BlockReader implements EntryCursor {
  readonly #minimumKeyBytes: number;
  readonly #varints = new VarintReader();
  #location: TableLocation = {};
  #limit = 0;
  #restartCount = 0;
  /** The loaded block, decompressed; empty if none is loaded. */
  data: Uint8Array = NOTHING;
  /** Holds the key of the current entry in its first `keyLength` bytes. */
  keyBytes: Uint8Array = new Uint8Array(256);
  /** The length of that key, in bytes. */
  keyLength = 0;
  /** The offset in `data` at which the value begins. */
  valueStart = 0;
  /** The offset in `data` at which the value ends. */
  valueEnd = 0;
  /** The offset of the current entry in `data`. */
  entryStart = 0;
  /** The number of leading bytes of the key that the entry takes from the previous entry. */
  sharedBytes = 0;
  /** Whether the reader is at an entry. */
  valid = false;

  /** @param minimumKeyBytes the least valid length of a key: 8 for a block of internal keys */
  constructor(minimumKeyBytes: number) {
    this.#minimumKeyBytes = minimumKeyBytes;
  }

  /** Loads another block. The reader is not valid until the next seek. */
  load(data: Uint8Array, location: TableLocation): void {
    this.valid = false;
    this.#location = location;
    const count = data.length < 4 ? 0 : readFixed32(data, data.length - 4);
    if (data.length < 4 || count > (data.length - 4) / 4) {
      throw corrupt(
        `a block of ${data.length} bytes cannot have ${count} restart points`,
        location,
      );
    }
    this.data = data;
    this.#restartCount = count;
    // As in LevelDB, a block without restart points is empty, whatever else it contains.
    this.#limit = count === 0 ? 0 : data.length - 4 - 4 * count;
  }

  /** Drops the block, so that its memory can be freed. */
  unload(): void {
    this.valid = false;
    this.data = NOTHING;
    this.#restartCount = 0;
    this.#limit = 0;
  }

  /** The number of restart points: entries that store their keys in full. */
  get restartCount(): number {
    return this.#restartCount;
  }

  /** The offset at which the entries end and the restart points begin. */
  get entriesEnd(): number {
    return this.#limit;
  }

  /** Returns the offset of a restart point. It lies inside the entries, unless there are none. */
  restartPoint(index: number): number {
    const offset = readFixed32(this.data, this.#limit + 4 * index);
    if (offset > this.#limit || (offset === this.#limit && this.#limit > 0)) {
      throw this.#fault(`restart point ${index} lies at ${offset}, outside of the entries`);
    }
    return offset;
  }

  /** Moves to the first entry; the reader is not valid if the block has none. */
  seekToFirst(): void {
    this.#startAt(0);
  }

  /** Moves to the last entry; the reader is not valid if the block has none. */
  seekToLast(): void {
    if (this.#restartCount === 0) return;
    this.#startAt(this.#restartCount - 1);
    while (this.valid && this.valueEnd < this.#limit) this.next();
  }

  /** Moves to the first entry whose internal key is at or after `target[0, targetLength)`. */
  seek(target: Uint8Array, targetLength: number): void {
    if (this.#restartCount === 0) return;
    let left = 0;
    let right = this.#restartCount - 1;
    while (left < right) {
      const middle = (left + right + 1) >>> 1;
      this.#startAt(middle);
      if (this.valid && this.#compareTo(target, targetLength) < 0) left = middle;
      else right = middle - 1;
    }
    this.#startAt(left);
    while (this.valid && this.#compareTo(target, targetLength) < 0) this.next();
  }

  /** Moves to the next entry. After the last one, `valid` becomes false. */
  next(): void {
    const start = this.valueEnd;
    const limit = this.#limit;
    if (start >= limit) {
      this.valid = false;
      return;
    }
    const data = this.data;
    if (limit - start < 3) throw this.#fault(`the entry at ${start} is truncated`);
    let shared = data[start] as number;
    let unshared = data[start + 1] as number;
    let valueLength = data[start + 2] as number;
    let at = start + 3;
    if ((shared | unshared | valueLength) >= 0x80) {
      const varints = this.#varints;
      varints.position = start;
      shared = varints.read32(data, limit);
      unshared = shared < 0 ? -1 : varints.read32(data, limit);
      valueLength = unshared < 0 ? -1 : varints.read32(data, limit);
      if (valueLength < 0) throw this.#fault(`the lengths of the entry at ${start} are not valid`);
      at = varints.position;
    }
    const keyLength = shared + unshared;
    if (
      unshared + valueLength > limit - at ||
      shared > this.keyLength ||
      keyLength < this.#minimumKeyBytes
    ) {
      throw this.#fault(
        `the entry at ${start} has impossible lengths: ${shared}, ${unshared} and ${valueLength}`,
      );
    }
    if (keyLength > this.keyBytes.length) this.keyBytes = grown(this.keyBytes, shared, keyLength);
    copyBytes(data, at, at + unshared, this.keyBytes, shared);
    this.keyLength = keyLength;
    this.sharedBytes = shared;
    this.entryStart = start;
    this.valueStart = at + unshared;
    this.valueEnd = at + unshared + valueLength;
    this.valid = true;
  }

  /** Moves to the previous entry. Before the first one, `valid` becomes false. */
  prev(): void {
    const original = this.entryStart;
    if (!this.valid || original === 0) {
      this.valid = false;
      return;
    }
    let left = 0;
    let right = this.#restartCount - 1;
    while (left < right) {
      const middle = (left + right + 1) >>> 1;
      if (this.restartPoint(middle) < original) left = middle;
      else right = middle - 1;
    }
    this.#startAt(left);
    while (this.valid && this.valueEnd < original) this.next();
    if (!this.valid || this.valueEnd !== original) {
      throw this.#fault(`restart point ${left} does not lead to the entry at ${original}`);
    }
  }

  #startAt(restart: number): void {
    if (this.#restartCount === 0) return;
    this.keyLength = 0;
    this.valueEnd = this.restartPoint(restart);
    this.next();
  }

  #compareTo(target: Uint8Array, targetLength: number): number {
    return compareInternalRanges(this.keyBytes, 0, this.keyLength, target, 0, targetLength);
  }

  #fault(problem: string): SstError {
    this.valid = false;
    return corrupt(`corrupt block: ${problem}`, this.#location);
  }
}
