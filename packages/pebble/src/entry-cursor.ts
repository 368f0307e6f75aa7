// What an iterator over points shows of the entry it is at, without copies.

import type { Block } from './stored-block.js';

/** All ranges are valid until the cursor moves. */
export interface EntryCursor {
  /** Holds the user key in its first `keyLength` bytes. */
  readonly keyBytes: Uint8Array;
  readonly keyLength: number;
  readonly sequence: number;
  readonly kind: number;
  /** Holds the value from `valueStart` to `valueEnd`. */
  readonly data: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Is the value in a value block, and what is here its handle? */
  readonly isExternal: boolean;
}

/** An iterator over the points of one block, in order. */
export interface BlockCursor extends EntryCursor {
  readonly valid: boolean;
  /**
   * Of the user key to that of the entry before, which may be in the block before: positive if it is
   * greater. Inside a block the cursor checks the order itself.
   */
  readonly order: number;
  /** The memory, in bytes, that the block and what was made of it take. */
  readonly heldBytes: number;
  /** Starts on another block, at its first entry, if it has one. */
  load(block: Block): void;
  next(): void;
}

/** Builds a key piece by piece over the key before it, and tells how the two compare. */
export class KeyBuffer {
  bytes: Uint8Array = new Uint8Array(256);
  length = 0;
  /** Of the key built last to the one before: positive if it is greater. */
  order = 1;
  #position = 0;

  /** Starts a key that begins with the first `shared` bytes of the one before. */
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
    // Nothing differed: a shorter key is less.
    if (this.order === 0) this.order = this.#position - this.length;
    this.length = this.#position;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, Math.max(this.length, this.#position)));
    this.bytes = larger;
  }
}
