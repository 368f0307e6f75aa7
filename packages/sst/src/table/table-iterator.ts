// Iterates over a table: finds a block through the index, and entries in the block.
//
// Invariants: one block is decoded at a time; after an error the iterator is not valid.

import { BlockReader, type EntryCursor } from '../block/block-reader.js';
import { StoredBlockReader } from '../block/stored-block.js';
import { seekKeyOf, TRAILER_BYTES } from '../encoding/internal-key.js';
import type { TableParts } from './table-parts.js';

/** An iterator over the entries of one table or several. */
export interface EntryIterator extends EntryCursor {
  /** A copy of the internal key. */
  readonly key: Uint8Array;
  /** The value, a view of a block that does not change. */
  readonly value: Uint8Array;
  /** Moves to the next entry. After the last one the iterator is not valid. */
  next(): void;
}

/** An iterator over one table, in the order of internal keys. */
export class TableIterator implements EntryIterator {
  readonly #parts: TableParts;
  readonly #blocks: StoredBlockReader;
  readonly #reader = new BlockReader(TRAILER_BYTES);
  #block = -1;

  /** Use `TableReader.iterator`. @internal */
  constructor(parts: TableParts) {
    this.#parts = parts;
    this.#blocks = new StoredBlockReader(parts.file);
  }

  /** Whether the iterator is at an entry. If not, only the seek methods can be called. */
  get valid(): boolean {
    return this.#reader.valid;
  }
  /** Holds the internal key in its first `keyLength` bytes. */
  get keyBytes(): Uint8Array {
    return this.#reader.keyBytes;
  }
  /** The length of that key, in bytes, its trailer included. */
  get keyLength(): number {
    return this.#reader.keyLength;
  }
  /** The number of leading bytes of the key that the stored entry takes from the previous entry. */
  get sharedBytes(): number {
    return this.#reader.sharedBytes;
  }
  /** Holds the value from `valueStart` to `valueEnd`. */
  get data(): Uint8Array {
    return this.#reader.data;
  }
  /** The offset in `data` at which the value begins. */
  get valueStart(): number {
    return this.#reader.valueStart;
  }
  /** The offset in `data` at which the value ends. */
  get valueEnd(): number {
    return this.#reader.valueEnd;
  }

  /** A copy of the internal key. */
  get key(): Uint8Array {
    return this.#reader.keyBytes.slice(0, this.#reader.keyLength);
  }

  /** The value, a view of a block that does not change. */
  get value(): Uint8Array {
    return this.#reader.data.subarray(this.#reader.valueStart, this.#reader.valueEnd);
  }

  /** Moves to the first entry at or after an internal key. */
  seek(internalKey: Uint8Array): void {
    const { index } = this.#parts;
    // The index may be damaged, too.
    this.#reader.valid = false;
    this.#load(index.find(internalKey, internalKey.length));
    if (this.#block === index.blockCount) return;
    this.#reader.seek(internalKey, internalKey.length);
    this.#skipForward();
  }

  /** Moves to the newest version of the first user key at or after this one. */
  seekUserKey(userKey: Uint8Array): void {
    this.seek(seekKeyOf(userKey));
  }

  /** Moves to the first entry. */
  seekToFirst(): void {
    this.#load(0);
    this.#reader.seekToFirst();
    this.#skipForward();
  }

  /** Moves to the last entry. */
  seekToLast(): void {
    this.#load(this.#parts.index.blockCount - 1);
    this.#reader.seekToLast();
    this.#skipBackward();
  }

  /** Moves to the next entry. After the last one the iterator is not valid. */
  next(): void {
    if (!this.#reader.valid) return;
    this.#reader.next();
    if (!this.#reader.valid) this.#skipForward();
  }

  /** Moves to the previous entry. Before the first one the iterator is not valid. */
  prev(): void {
    if (!this.#reader.valid) return;
    this.#reader.prev();
    if (!this.#reader.valid) this.#skipBackward();
  }

  // Skips empty blocks, as LevelDB does. Only `verifyTable` reports them.
  #skipForward(): void {
    while (!this.#reader.valid && this.#block < this.#parts.index.blockCount) {
      this.#load(this.#block + 1);
      this.#reader.seekToFirst();
    }
  }

  #skipBackward(): void {
    while (!this.#reader.valid && this.#block >= 0) {
      this.#load(this.#block - 1);
      this.#reader.seekToLast();
    }
  }

  #load(block: number): void {
    const { index, file } = this.#parts;
    if (block === this.#block) return;
    this.#reader.unload();
    // If reading the block fails, the iterator is at no block.
    this.#block = -1;
    if (block < 0) return;
    if (block < index.blockCount) {
      const offset = index.offsetOf(block);
      const contents = this.#blocks.read(offset, index.sizeOf(block));
      this.#reader.load(contents, { path: file.path, offset });
    }
    this.#block = block;
  }
}
