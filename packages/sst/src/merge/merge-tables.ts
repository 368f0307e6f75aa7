// Merges tables in the order of internal keys, with a binary heap of iterators.
//
// Invariants:
// - the heap holds exactly the iterators that are at an entry, with the least internal key on top;
// - only the top iterator moves;
// - after an error the iterator is not valid;
// - with `dropShadowed`, `#userKey` is the user key of the last entry that was examined, and `#last` is its source. The
//   bytes that the source's next key shares with it need not be compared.

import { assert } from '../assert.js';
import { copyBytes, grown } from '../compare-bytes.js';
import {
  compareInternalRanges,
  makeInternalKey,
  TRAILER_BYTES,
  typeCodeOf,
} from '../encoding/internal-key.js';
import { corrupt } from '../errors.js';
import type { EntryIterator, TableIterator } from '../table/table-iterator.js';
import type { TableReader } from '../table/table-reader.js';
import type { RunIterator } from './run-iterator.js';

/** How to merge tables. */
export interface MergeOptions {
  /**
   * Return only the newest version of each user key, and no tombstones. The tables must hold all versions of their user
   * keys; otherwise an older version in another table would reappear.
   *
   * @defaultValue false
   */
  readonly dropShadowed?: boolean | undefined;
  /**
   * The sequence to give to all entries. It requires `dropShadowed`, as versions of a key would be equal otherwise.
   *
   * @defaultValue entries keep their own sequences
   */
  readonly sequence?: number | undefined;
}

interface Source {
  readonly iterator: TableIterator | RunIterator;
  readonly path: string | undefined;
  /** The position in the list of tables, by which equal keys are ordered. */
  readonly rank: number;
}

/** A forward iterator over several tables. */
export class MergeIterator implements EntryIterator {
  readonly #sources: readonly Source[];
  readonly #heap: Source[] = [];
  readonly #dropShadowed: boolean;
  /** The trailer of all keys, with `sequence`. */
  readonly #trailer: Uint8Array | undefined;
  #top: Source | undefined;
  #last: Source | undefined;
  /** The last user key, with room for a trailer. */
  #userKey: Uint8Array = new Uint8Array(256);
  /** The length of the last user key; -1 before the first entry. */
  #userKeyLength = -1;
  #sharedBytes = 0;

  /** Use `mergeTables` or `mergeRuns`. @internal */
  constructor(sources: readonly Source[], options: MergeOptions) {
    this.#sources = sources;
    this.#dropShadowed = options.dropShadowed ?? false;
    const { sequence } = options;
    assert(sequence === undefined || this.#dropShadowed, 'sequence needs dropShadowed');
    if (sequence !== undefined) {
      this.#trailer = makeInternalKey(new Uint8Array(0), sequence, 'value');
    }
  }

  /** Whether the iterator is at an entry. If not, only the seek methods can be called. */
  get valid(): boolean {
    return this.#top !== undefined;
  }
  /** Holds the internal key in its first `keyLength` bytes. */
  get keyBytes(): Uint8Array {
    return this.#trailer === undefined ? this.#current().keyBytes : this.#userKey;
  }
  /** The length of that key, in bytes, its trailer included. */
  get keyLength(): number {
    return this.#trailer === undefined
      ? this.#current().keyLength
      : this.#userKeyLength + TRAILER_BYTES;
  }
  /**
   * A lower bound of the leading bytes that the user key shares with that of the previous entry. Always 0 without
   * `dropShadowed`.
   */
  get sharedBytes(): number {
    return this.#sharedBytes;
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
    return this.keyBytes.slice(0, this.keyLength);
  }
  /** The value, a view of a block that does not change. */
  get value(): Uint8Array {
    return this.#current().value;
  }

  /** Moves to the first entry. */
  seekToFirst(): void {
    this.#seek((iterator) => iterator.seekToFirst());
  }

  /** Moves to the newest version of the first user key at or after this one. */
  seekUserKey(userKey: Uint8Array): void {
    this.#seek((iterator) => iterator.seekUserKey(userKey));
  }

  /** Moves to the next entry. After the last one the iterator is not valid. */
  next(): void {
    if (this.#top === undefined) return;
    this.#advance();
    if (this.#dropShadowed) this.#skipShadowed(this.#userKeyLength);
  }

  #current(): TableIterator | RunIterator {
    if (this.#top === undefined) throw new Error('the iterator is not at an entry');
    return this.#top.iterator;
  }

  #seek(position: (iterator: TableIterator | RunIterator) => void): void {
    this.#heap.length = 0;
    this.#top = undefined;
    this.#last = undefined;
    this.#userKeyLength = -1;
    for (const source of this.#sources) {
      position(source.iterator);
      if (source.iterator.valid) this.#heap.push(source);
    }
    for (let parent = (this.#heap.length >>> 1) - 1; parent >= 0; parent -= 1) this.#sink(parent);
    this.#top = this.#heap[0];
    if (this.#dropShadowed) this.#skipShadowed(0);
  }

  /** Moves the top iterator to its next entry and restores the heap. */
  #advance(): void {
    const heap = this.#heap;
    const iterator = (heap[0] as Source).iterator;
    // If reading fails, the iterator is at no entry.
    this.#top = undefined;
    iterator.next();
    if (!iterator.valid) {
      const last = heap.pop() as Source;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    this.#sink(0);
    this.#top = heap[0];
  }

  /**
   * Advances until the entry is a value and the first of its user key.
   *
   * @param sharedBytes the number of leading bytes that `#userKey` shares with the key of the last entry returned
   */
  #skipShadowed(sharedBytes: number): void {
    let sharedWithReturned = sharedBytes;
    for (; this.#top !== undefined; this.#advance()) {
      const top = this.#top;
      const { iterator } = top;
      const { keyBytes, keyLength } = iterator;
      const userLength = keyLength - TRAILER_BYTES;
      const shorter = Math.min(userLength, this.#userKeyLength);
      const userKey = this.#userKey;
      let shared = top === this.#last ? Math.min(iterator.sharedBytes, shorter) : 0;
      while (shared < shorter && keyBytes[shared] === userKey[shared]) shared += 1;
      this.#last = top;
      if (shared === userLength && userLength === this.#userKeyLength) continue;
      sharedWithReturned = Math.min(sharedWithReturned, shared);
      this.#takeUserKey(keyBytes, shared, userLength);
      const type = typeCodeOf(keyBytes, keyLength);
      if (type === 1) {
        this.#sharedBytes = sharedWithReturned;
        return;
      }
      if (type !== 0) {
        const path = top.path ?? (iterator as RunIterator).path;
        this.#top = undefined;
        throw corrupt(`an internal key has the unknown type ${type}`, { path });
      }
    }
  }

  #takeUserKey(keyBytes: Uint8Array, shared: number, length: number): void {
    if (length + TRAILER_BYTES > this.#userKey.length) {
      this.#userKey = grown(this.#userKey, shared, length + TRAILER_BYTES);
    }
    copyBytes(keyBytes, shared, length, this.#userKey, shared);
    if (this.#trailer !== undefined) {
      copyBytes(this.#trailer, 0, TRAILER_BYTES, this.#userKey, length);
    }
    this.#userKeyLength = length;
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
 * Returns an iterator over the entries of several tables in the order of internal keys, at the first entry. It keeps a
 * block and a read window in memory for each table.
 *
 * @param readers tables; of equal internal keys, that of the earlier table comes first
 */
export function mergeTables(
  readers: readonly TableReader[],
  options: MergeOptions = {},
): MergeIterator {
  const sources = readers.map((reader, rank) => {
    return { iterator: reader.iterator(), path: reader.path, rank };
  });
  const merged = new MergeIterator(sources, options);
  merged.seekToFirst();
  return merged;
}

/**
 * Returns an iterator over the entries of several runs, which is not at an entry yet. The caller closes the runs.
 *
 * @param runs iterators; of equal internal keys, that of the earlier run comes first
 */
export function mergeRuns(runs: readonly RunIterator[], options: MergeOptions = {}): MergeIterator {
  const sources = runs.map((iterator, rank) => ({ iterator, path: undefined, rank }));
  return new MergeIterator(sources, options);
}
