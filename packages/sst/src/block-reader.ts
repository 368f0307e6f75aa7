// Walks the entries of one decoded block (layout: block-builder.ts). Nothing in the block is trusted:
// each length is checked before it is used, and a fault is an `SstError` that names the block's offset.
//
// Invariants: `keyBytes[0, keyLength)` is the current key, put together from the entries since its
// restart point; `data[valueStart, valueEnd)` is its value; both mean nothing while `valid` is false.
// One reader is used for many blocks, so that its key buffer is made once.

import { readFixed32 } from './checksum.js';
import { copyBytes, grown } from './compare-bytes.js';
import { corrupt, type SstError, type TableLocation } from './errors.js';
import { compareInternalRanges } from './internal-key.js';
import { VarintReader } from './varint.js';

const NOTHING = new Uint8Array(0);

/** The place of an entry, without copies: both ranges are valid until the cursor moves. */
export interface EntryCursor {
  readonly valid: boolean;
  /** Holds the internal key in its first `keyLength` bytes. */
  readonly keyBytes: Uint8Array;
  readonly keyLength: number;
  /** Holds the value from `valueStart` to `valueEnd`. */
  readonly data: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** An iterator over a block. */
export class BlockReader implements EntryCursor {
  readonly #minimumKeyBytes: number;
  readonly #varints = new VarintReader();
  #location: TableLocation = {};
  #limit = 0;
  #restartCount = 0;
  data: Uint8Array = NOTHING;
  keyBytes: Uint8Array = new Uint8Array(256);
  keyLength = 0;
  valueStart = 0;
  valueEnd = 0;
  /** Where the current entry starts in `data`. */
  entryStart = 0;
  /** How many bytes of its key the current entry took from the one before it. */
  sharedBytes = 0;
  valid = false;

  /** @param minimumKeyBytes 8 for a block of internal keys: a shorter key is a fault */
  constructor(minimumKeyBytes: number) {
    this.#minimumKeyBytes = minimumKeyBytes;
  }

  /** Starts on another block; call a seek next. Without a restart point the block is empty. */
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
    // LevelDB takes a block without restart points for empty, whatever else is in it.
    this.#limit = count === 0 ? 0 : data.length - 4 - 4 * count;
  }

  /** Forgets the block, so that its memory can be freed. */
  unload(): void {
    this.valid = false;
    this.data = NOTHING;
    this.#restartCount = 0;
    this.#limit = 0;
  }

  get restartCount(): number {
    return this.#restartCount;
  }

  /** Where the entries end and the restart points begin. */
  get entriesEnd(): number {
    return this.#limit;
  }

  /** Offset of a restart point; an entry starts there, or the block has no entries. */
  restartPoint(index: number): number {
    const offset = readFixed32(this.data, this.#limit + 4 * index);
    if (offset > this.#limit || (offset === this.#limit && this.#limit > 0)) {
      throw this.#fault(`restart point ${index} lies at ${offset}, outside of the entries`);
    }
    return offset;
  }

  seekToFirst(): void {
    this.#startAt(0);
  }

  seekToLast(): void {
    if (this.#restartCount === 0) return;
    this.#startAt(this.#restartCount - 1);
    while (this.valid && this.valueEnd < this.#limit) this.next();
  }

  /** To the first entry whose internal key is at or behind `target[0, targetLength)`. */
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

  /** To the next entry. Behind the last one, `valid` becomes false. */
  next(): void {
    const start = this.valueEnd;
    const limit = this.#limit;
    if (start >= limit) {
      this.valid = false;
      return;
    }
    const data = this.data;
    if (limit - start < 3) throw this.#fault(`the entry at ${start} is cut off`);
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

  /** To the entry before. In front of the first one, `valid` becomes false. */
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
