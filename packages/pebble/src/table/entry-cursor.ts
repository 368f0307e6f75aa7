// The current entry of an iterator over points, without copies.

import type { Block } from './stored-block.js';

/** A cursor at an entry. All views are valid until it moves. */
export interface EntryCursor {
  /** The user key, in the first `keyLength` bytes. */
  readonly keyBytes: Uint8Array;
  readonly keyLength: number;
  readonly sequence: number;
  readonly kind: number;
  /** The value, from `valueStart` to `valueEnd`. */
  readonly data: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Whether the value is in a value block and its handle is here. */
  readonly isExternal: boolean;
  /**
   * The order of the user key relative to that of the cursor's previous entry: positive if it is greater, 0 if
   * they are equal.
   */
  readonly order: number;
}

/** An iterator over the points of one block in order. */
export interface BlockCursor extends EntryCursor {
  readonly valid: boolean;
  /** As above; the previous entry may be in the previous block. Inside a block the cursor checks the order itself. */
  readonly order: number;
  /** The memory, in bytes, that a block, data derived from it, and the current key take once it is loaded. */
  neededBytes(block: Block): number;
  /** Moves to the first entry of another block, if it has one. */
  load(block: Block): void;
  next(): void;
}

/** Builds a key piece by piece over the previous key, and compares the two. */
export class KeyBuffer {
  bytes: Uint8Array = new Uint8Array(256);
  length = 0;
  /** The order of the last key relative to the previous one: positive if it is greater. */
  order = 1;
  #position = 0;

  /** Starts a key that begins with the first `shared` bytes of the previous one. */
  begin(shared: number): void {
    this.#position = shared;
    this.order = 0;
  }

  append(source: Uint8Array, start: number, end: number): void {
    const needed = this.#position + end - start;
    if (needed > this.bytes.length) this.#grow(needed);
    const { bytes, length } = this;
    let position = this.#position;
    let from = start;
    if (this.order === 0) {
      while (from < end && position < length && source[from] === bytes[position]) {
        from += 1;
        position += 1;
      }
      if (from < end) {
        this.order = position < length ? (source[from] as number) - (bytes[position] as number) : 1;
      }
    }
    for (; from < end; from += 1) {
      bytes[position] = source[from] as number;
      position += 1;
    }
    this.#position = position;
  }

  finish(): void {
    // No byte differs, so the shorter key is less.
    if (this.order === 0) this.order = this.#position - this.length;
    this.length = this.#position;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, Math.max(this.length, this.#position)));
    this.bytes = larger;
  }
}
