// Iterates over a run, that is, over tables in key order that share no user key.
//
// Invariant: at most one table is open at a time, so that a run of any length takes a block and a read window of memory.

import type { FileSystem } from './file-system.js';
import type { EntryIterator, TableIterator } from './table-iterator.js';
import { TableReader } from './table-reader.js';

/** A table of a run. */
export interface RunTable {
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

  get valid(): boolean {
    return this.#iterator?.valid ?? false;
  }
  get keyBytes(): Uint8Array {
    return this.#current().keyBytes;
  }
  get keyLength(): number {
    return this.#current().keyLength;
  }
  get sharedBytes(): number {
    return this.#current().sharedBytes;
  }
  get data(): Uint8Array {
    return this.#current().data;
  }
  get valueStart(): number {
    return this.#current().valueStart;
  }
  get valueEnd(): number {
    return this.#current().valueEnd;
  }
  get key(): Uint8Array {
    return this.#current().key;
  }
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
    if (iterator === undefined) return;
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
