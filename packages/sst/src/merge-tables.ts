// Merges tables into one order, by a binary heap of iterators.
//
// Invariants: the heap holds exactly the iterators that are at an entry, the one with the first internal
// key on top; iterators move only while they are on top.

import { compareByteRanges, copyBytes, grown } from './compare-bytes.js';
import { corrupt } from './errors.js';
import { compareInternalRanges, TRAILER_BYTES, typeCodeOf } from './internal-key.js';
import type { EntryIterator, TableIterator } from './table-iterator.js';
import type { TableReader } from './table-reader.js';

/** How tables are merged. */
export interface MergeOptions {
  /**
   * Give the newest version of each user key alone, and no deletions. Right only where the tables hold
   * all that there is of their user keys: otherwise an older version elsewhere comes back to light.
   *
   * @defaultValue false
   */
  readonly dropShadowed?: boolean | undefined;
}

interface Source {
  readonly iterator: TableIterator;
  readonly path: string;
  /** Of two equal keys, that of the table named first comes first. */
  readonly rank: number;
}

/** An iterator over several tables, forwards only. */
export class MergeIterator implements EntryIterator {
  readonly #sources: readonly Source[];
  readonly #heap: Source[] = [];
  readonly #dropShadowed: boolean;
  #top: Source | undefined;
  #userKey: Uint8Array = new Uint8Array(256);
  /** Length of the user key that the current entry settles; -1 before the first. */
  #userKeyLength = -1;

  /** Use `mergeTables`. */
  constructor(readers: readonly TableReader[], options: MergeOptions) {
    this.#sources = readers.map((reader, rank) => ({
      iterator: reader.iterator(),
      path: reader.path,
      rank,
    }));
    this.#dropShadowed = options.dropShadowed ?? false;
    this.seekToFirst();
  }

  get valid(): boolean {
    return this.#top !== undefined;
  }
  get keyBytes(): Uint8Array {
    return this.#current().keyBytes;
  }
  get keyLength(): number {
    return this.#current().keyLength;
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

  /** To the first entry of all. A new iterator is there already. */
  seekToFirst(): void {
    this.#seek((iterator) => iterator.seekToFirst());
  }

  /** To the newest version of the first user key at or behind this one. */
  seekUserKey(userKey: Uint8Array): void {
    this.#seek((iterator) => iterator.seekUserKey(userKey));
  }

  /** To the next entry; behind the last one the iterator is not valid. */
  next(): void {
    if (this.#top === undefined) return;
    this.#advance();
    if (this.#dropShadowed) this.#skipShadowed();
  }

  #current(): TableIterator {
    if (this.#top === undefined) throw new Error('the iterator is not at an entry');
    return this.#top.iterator;
  }

  #seek(position: (iterator: TableIterator) => void): void {
    this.#heap.length = 0;
    this.#top = undefined;
    this.#userKeyLength = -1;
    for (const source of this.#sources) {
      position(source.iterator);
      if (source.iterator.valid) this.#heap.push(source);
    }
    for (let parent = (this.#heap.length >>> 1) - 1; parent >= 0; parent -= 1) this.#sink(parent);
    this.#top = this.#heap[0];
    if (this.#dropShadowed) this.#skipShadowed();
  }

  /** Moves the top iterator by one entry and puts the heap in order. */
  #advance(): void {
    const heap = this.#heap;
    const iterator = (heap[0] as Source).iterator;
    iterator.next();
    if (!iterator.valid) {
      const last = heap.pop() as Source;
      if (heap.length === 0) {
        this.#top = undefined;
        return;
      }
      heap[0] = last;
    }
    this.#sink(0);
    this.#top = heap[0];
  }

  /** Goes on until the entry is a value, and the first one seen of its user key. */
  #skipShadowed(): void {
    for (; this.#top !== undefined; this.#advance()) {
      const { keyBytes, keyLength } = this.#top.iterator;
      const userLength = keyLength - TRAILER_BYTES;
      if (
        userLength === this.#userKeyLength &&
        compareByteRanges(keyBytes, 0, userLength, this.#userKey, 0, userLength) === 0
      ) {
        continue;
      }
      if (userLength > this.#userKey.length) this.#userKey = grown(this.#userKey, 0, userLength);
      copyBytes(keyBytes, 0, userLength, this.#userKey, 0);
      this.#userKeyLength = userLength;
      const type = typeCodeOf(keyBytes, keyLength);
      if (type === 1) return;
      if (type !== 0) {
        throw corrupt(`an internal key has the unknown type ${type}`, { path: this.#top.path });
      }
    }
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const source = heap[from] as Source;
    let parent = from;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Source, heap[child] as Source)) {
        child += 1;
      }
      if (!isBefore(heap[child] as Source, source)) break;
      heap[parent] = heap[child] as Source;
      parent = child;
    }
    heap[parent] = source;
  }
}

function isBefore(a: Source, b: Source): boolean {
  const order = compareInternalRanges(
    a.iterator.keyBytes,
    0,
    a.iterator.keyLength,
    b.iterator.keyBytes,
    0,
    b.iterator.keyLength,
  );
  return order < 0 || (order === 0 && a.rank < b.rank);
}

/**
 * Iterates over several tables as if they were one, in the order of internal keys: by user key, of one
 * user key the newest version first. The iterator is at the first entry. Memory: a block and a read
 * window for each table.
 */
export function mergeTables(
  readers: readonly TableReader[],
  options: MergeOptions = {},
): MergeIterator {
  return new MergeIterator(readers, options);
}
