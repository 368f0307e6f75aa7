// Iterates over a run as if it were one table: tables in ascending key order that share no user key.
//
// Invariants: at most one table is open at a time, so that a run of any length costs a block and a read
// window; tables in front of the open one are done with, until the next seek.

import type { FileSystem } from './file-system.js';
import type { EntryIterator, TableIterator } from './table-iterator.js';
import { TableReader } from './table-reader.js';

/** A table of a run. */
export interface RunTable {
  readonly path: string;
  /** Where the table ends: its file may go on (share-part.ts). */
  readonly sizeBytes: number;
}

/** An iterator over a run, forwards only, not yet at an entry. Its owner closes it. */
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

  /** Of the table that is open, for messages. */
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

  seekToFirst(): void {
    this.#at = -1;
    this.#moveOn();
  }

  /** To the newest version of the first user key at or behind this one. */
  seekUserKey(userKey: Uint8Array): void {
    for (this.#at = -1; this.#openNext(); ) {
      this.#iterator?.seekUserKey(userKey);
      if (this.valid) return;
    }
  }

  /** To the next entry; behind the last one the iterator is not valid. */
  next(): void {
    const iterator = this.#iterator;
    if (iterator === undefined) return;
    iterator.next();
    if (!iterator.valid) this.#moveOn();
  }

  /** Closes the table that is open; the iterator is of no use until the next seek. */
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

  #moveOn(): void {
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
