// Merges tables into one order, by a binary heap of iterators.
//
// Invariants: the heap holds exactly the iterators that are at an entry, the one with the first internal
// key on top; iterators move only while they are on top. Where shadowed versions are dropped, `#userKey`
// is the user key of the entry looked at last, which was `#last`'s: what that iterator's next key shares
// with it need not be compared.

import assert from 'node:assert/strict';
import { copyBytes, grown } from './compare-bytes.js';
import { corrupt } from './errors.js';
import {
  compareInternalRanges,
  makeInternalKey,
  TRAILER_BYTES,
  typeCodeOf,
} from './internal-key.js';
import type { RunIterator } from './run-iterator.js';
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
  /**
   * Give every entry this sequence. Only with `dropShadowed`: else versions of a key would be alike.
   *
   * @defaultValue each its own
   */
  readonly sequence?: number | undefined;
}

interface Source {
  readonly iterator: TableIterator | RunIterator;
  readonly path: string | undefined;
  /** Of two equal keys, that of the table named first comes first. */
  readonly rank: number;
}

/** An iterator over several tables, forwards only. */
export class MergeIterator implements EntryIterator {
  readonly #sources: readonly Source[];
  readonly #heap: Source[] = [];
  readonly #dropShadowed: boolean;
  /** What every key gets in place of its own trailer. */
  readonly #trailer: Uint8Array | undefined;
  #top: Source | undefined;
  #last: Source | undefined;
  /** With room for a trailer. */
  #userKey: Uint8Array = new Uint8Array(256);
  /** -1 before the first entry. */
  #userKeyLength = -1;
  #sharedBytes = 0;

  /** Use `mergeTables` or `mergeRuns`. */
  constructor(sources: readonly Source[], options: MergeOptions) {
    this.#sources = sources;
    this.#dropShadowed = options.dropShadowed ?? false;
    const { sequence } = options;
    assert(sequence === undefined || this.#dropShadowed, 'sequence needs dropShadowed');
    if (sequence !== undefined) {
      this.#trailer = makeInternalKey(new Uint8Array(0), sequence, 'value');
    }
  }

  get valid(): boolean {
    return this.#top !== undefined;
  }
  get keyBytes(): Uint8Array {
    return this.#trailer === undefined ? this.#current().keyBytes : this.#userKey;
  }
  get keyLength(): number {
    return this.#trailer === undefined
      ? this.#current().keyLength
      : this.#userKeyLength + TRAILER_BYTES;
  }
  /**
   * How many bytes the user key is known to share with the one that `next` moved on from; it may be more.
   * Known with `dropShadowed` alone, else 0.
   */
  get sharedBytes(): number {
    return this.#sharedBytes;
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
    return this.keyBytes.slice(0, this.keyLength);
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

  /**
   * Goes on until the entry is a value, and the first one seen of its user key.
   *
   * @param sharedBytes what `#userKey` shares with the key of the entry given before, at most
   */
  #skipShadowed(sharedBytes: number): void {
    let sharedWithGiven = sharedBytes;
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
      sharedWithGiven = Math.min(sharedWithGiven, shared);
      this.#takeUserKey(keyBytes, shared, userLength);
      const type = typeCodeOf(keyBytes, keyLength);
      if (type === 1) {
        this.#sharedBytes = sharedWithGiven;
        return;
      }
      if (type !== 0) {
        const path = top.path ?? (iterator as RunIterator).path;
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
 * Iterates over several tables as if they were one, in the order of internal keys: by user key, of one
 * user key the newest version first. The iterator is at the first entry. Memory: a block and a read
 * window for each table.
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
 * As `mergeTables`, of runs, and not yet at an entry: of two equal keys that of the run named first comes
 * first. The caller closes the runs.
 */
export function mergeRuns(runs: readonly RunIterator[], options: MergeOptions = {}): MergeIterator {
  const sources = runs.map((iterator, rank) => ({ iterator, path: undefined, rank }));
  return new MergeIterator(sources, options);
}
