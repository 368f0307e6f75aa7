// Iterates over a table: the index leads to a block, the block to entries.
//
// Invariants: one block is decoded at a time; a fault throws and leaves the iterator not valid.

import { BlockReader, type EntryCursor } from './block-reader.js';
import { seekKeyOf, TRAILER_BYTES } from './internal-key.js';
import { StoredBlockReader } from './stored-block.js';
import type { TableParts } from './table-parts.js';

/** An iterator over the entries of one table or several. */
export interface EntryIterator extends EntryCursor {
  /** The internal key: a copy. */
  readonly key: Uint8Array;
  /** The value: a view of a block that is never written again. */
  readonly value: Uint8Array;
  next(): void;
}

/** An iterator over one table, in the order of internal keys. */
export class TableIterator implements EntryIterator {
  readonly #parts: TableParts;
  readonly #blocks: StoredBlockReader;
  readonly #reader = new BlockReader(TRAILER_BYTES);
  #block = -1;

  /** Use `TableReader.iterator`. */
  constructor(parts: TableParts) {
    this.#parts = parts;
    this.#blocks = new StoredBlockReader(parts.file);
  }

  /** Is the iterator at an entry? If not, only the seeks may be used. */
  get valid(): boolean {
    return this.#reader.valid;
  }
  get keyBytes(): Uint8Array {
    return this.#reader.keyBytes;
  }
  get keyLength(): number {
    return this.#reader.keyLength;
  }
  /** How many bytes of its key the entry is stored without: they are those of the entry before it. */
  get sharedBytes(): number {
    return this.#reader.sharedBytes;
  }
  get data(): Uint8Array {
    return this.#reader.data;
  }
  get valueStart(): number {
    return this.#reader.valueStart;
  }
  get valueEnd(): number {
    return this.#reader.valueEnd;
  }

  get key(): Uint8Array {
    return this.#reader.keyBytes.slice(0, this.#reader.keyLength);
  }

  get value(): Uint8Array {
    return this.#reader.data.subarray(this.#reader.valueStart, this.#reader.valueEnd);
  }

  /** To the first entry at or behind an internal key. */
  seek(internalKey: Uint8Array): void {
    const { index } = this.#parts;
    this.#load(index.find(internalKey, internalKey.length));
    if (this.#block === index.blockCount) return;
    this.#reader.seek(internalKey, internalKey.length);
    this.#skipForward();
  }

  /** To the newest version of the first user key at or behind this one. */
  seekUserKey(userKey: Uint8Array): void {
    this.seek(seekKeyOf(userKey));
  }

  seekToFirst(): void {
    this.#load(0);
    this.#reader.seekToFirst();
    this.#skipForward();
  }

  seekToLast(): void {
    this.#load(this.#parts.index.blockCount - 1);
    this.#reader.seekToLast();
    this.#skipBackward();
  }

  /** To the next entry; behind the last one the iterator is not valid. */
  next(): void {
    if (!this.#reader.valid) return;
    this.#reader.next();
    if (!this.#reader.valid) this.#skipForward();
  }

  /** To the entry before; in front of the first one the iterator is not valid. */
  prev(): void {
    if (!this.#reader.valid) return;
    this.#reader.prev();
    if (!this.#reader.valid) this.#skipBackward();
  }

  // An empty block is a fault that only `verifyTable` reports; LevelDB steps over it too.
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
    // Until the block is read, the iterator is nowhere.
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
