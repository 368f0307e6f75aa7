// Iterates over a run, that is, over tables in key order that share no user key.
//
// Invariant: at most one table is open at a time, so that a run of any length takes a block and a read window of memory.

import type { FileSystem } from '../files/file-system.js';
import type { EntryIterator, TableIterator } from '../table/table-iterator.js';
import { TableReader } from '../table/table-reader.js';

/** A table of a run. */
export interface RunTable {
  /** The path of the file that holds the table. */
  readonly path: string;
  /** The size of the table. Its file may be longer (share-part.ts). */
  readonly sizeBytes: number;
}

/** A forward iterator over a run, which is not at an entry before the first seek. The caller closes it. */
export class RunIterator implements EntryIterator {
  readonly #fileSystem: FileSystem;
  readonly #tables: readonly RunTable[];
  #at = -1;
  #reader: TableReader | undefined;
  #iterator: TableIterator | undefined;

  constructor(fileSystem: FileSystem, tables: readonly RunTable[]) {
    this.#fileSystem = fileSystem;
    this.#tables = tables;
  }

  /** The path of the open table, for messages. */
  get path(): string {
    return this.#tables[this.#at]?.path ?? '';
  }

  /** Whether the iterator is at an entry. If not, only the seek methods can be called. */
  get valid(): boolean {
    return this.#iterator?.valid ?? false;
  }
  /** Holds the internal key in its first `keyLength` bytes. */
  get keyBytes(): Uint8Array {
    return this.#current().keyBytes;
  }
  /** The length of that key, in bytes, its trailer included. */
  get keyLength(): number {
    return this.#current().keyLength;
  }
  /** The number of leading bytes of the key that the stored entry takes from the previous entry. */
  get sharedBytes(): number {
    return this.#current().sharedBytes;
  }
  /** Holds the value from `valueStart` to `valueEnd`. */
  get data(): Uint8Array {
    return this.#current().data;
  }
  /** The offset in `data` at which the value begins. */
  get valueStart(): number {
    return this.#current().valueStart;
  }
  /** The offset in `data` at which the value ends. */
  get valueEnd(): number {
    return this.#current().valueEnd;
  }
  /** A copy of the internal key. */
  get key(): Uint8Array {
    return this.#current().key;
  }
  /** The value, a view of a block that does not change. */
  get value(): Uint8Array {
    return this.#current().value;
  }

  /** Moves to the first entry of the first table. */
  seekToFirst(): void {
    this.#at = -1;
    this.#toNextTable();
  }

  /** Moves to the newest version of the first user key at or after this one. */
  seekUserKey(userKey: Uint8Array): void {
    for (this.#at = -1; this.#openNext(); ) {
      this.#iterator?.seekUserKey(userKey);
      if (this.valid) return;
    }
  }

  /** Moves to the next entry. After the last one the iterator is not valid. */
  next(): void {
    const iterator = this.#iterator;
    if (!iterator?.valid) return;
    iterator.next();
    if (!iterator.valid) this.#toNextTable();
  }

  /** Closes the open table. The iterator can be used again after a seek. */
  close(): void {
    this.#iterator = undefined;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.close();
  }

  #current(): TableIterator {
    if (this.#iterator === undefined) throw new Error('the iterator is not at an entry');
    return this.#iterator;
  }

  #toNextTable(): void {
    while (this.#openNext()) {
      this.#iterator?.seekToFirst();
      if (this.valid) return;
    }
  }

  #openNext(): boolean {
    this.close();
    const table = this.#tables[++this.#at];
    if (table === undefined) return false;
    const { path, sizeBytes } = table;
    this.#reader = TableReader.open(this.#fileSystem, path, { sizeBytes });
    this.#iterator = this.#reader.iterator();
    return true;
  }
}
