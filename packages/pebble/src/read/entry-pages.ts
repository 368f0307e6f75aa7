// Copies live entries out of blocks into pages.

import type { EntryCursor } from '../table/entry-cursor.js';
import type { LiveCursor } from './live-cursor.js';

/** A key and its value. The caller may keep the bytes; they share memory with the other entries of the page. */
export interface Entry {
  /** The user key, without Pebble's trailer. */
  readonly key: Uint8Array;
  /** The newest value of the key. */
  readonly value: Uint8Array;
}

/**
 * Consecutive entries in one piece of memory: entry `i` begins at the end of the previous one (0 for the
 * first), its key ends at `keyEnds[i]`, its value at `ends[i]`. The memory is reused for the next page.
 */
export interface PackedEntries {
  /** The number of entries; the arrays of offsets may be longer. */
  readonly count: number;
  /** The keys and values, one entry after another. */
  readonly bytes: Uint8Array;
  /** The offset in `bytes` at which each entry's key ends and its value begins. */
  readonly keyEnds: Uint32Array;
  /** The offset in `bytes` at which each entry ends and the next one begins. */
  readonly ends: Uint32Array;
}

/**
 * Yields the entries of a cursor in pages. An empty page means that no entry was found yet, so that the caller
 * can do other work before it continues. Any other page ends when it has `maxEntries`, or `maxBytes` of keys
 * and values.
 */
export function* readPackedPages(
  cursor: LiveCursor,
  maxEntries: number,
  maxBytes: number,
): Generator<PackedEntries, void> {
  const page = new Page();
  try {
    for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
      if (entry === 'paused') {
        yield NO_ENTRIES;
        continue;
      }
      page.add(entry);
      if (page.count < maxEntries && page.lengthBytes < maxBytes) continue;
      yield page;
      page.clear();
    }
    if (page.count > 0) yield page;
  } finally {
    cursor.close();
  }
}

/** Yields the same pages with an object for each entry. */
export function* readPages(
  cursor: LiveCursor,
  maxEntries: number,
  maxBytes: number,
): Generator<Entry[], void> {
  for (const { count, bytes, keyEnds, ends } of readPackedPages(cursor, maxEntries, maxBytes)) {
    const own = bytes.slice(0, count === 0 ? 0 : ends[count - 1]);
    const entries: Entry[] = [];
    let start = 0;
    for (let index = 0; index < count; index += 1) {
      const keyEnd = keyEnds[index] as number;
      const end = ends[index] as number;
      entries.push({ key: own.subarray(start, keyEnd), value: own.subarray(keyEnd, end) });
      start = end;
    }
    yield entries;
  }
}

const NO_ENTRIES: PackedEntries = {
  count: 0,
  bytes: new Uint8Array(0),
  keyEnds: new Uint32Array(0),
  ends: new Uint32Array(0),
};
const FIRST_BYTES = 1024;
const FIRST_ENTRIES = 16;

class Page implements PackedEntries {
  count = 0;
  lengthBytes = 0;
  bytes = new Uint8Array(FIRST_BYTES);
  keyEnds = new Uint32Array(FIRST_ENTRIES);
  ends = new Uint32Array(FIRST_ENTRIES);

  clear(): void {
    this.count = 0;
    this.lengthBytes = 0;
  }

  add({ keyBytes, keyLength, data, valueStart, valueEnd }: EntryCursor): void {
    const keyEnd = this.lengthBytes + keyLength;
    const end = keyEnd + valueEnd - valueStart;
    if (end > this.bytes.length) this.#growBytes(end);
    if (this.count === this.ends.length) this.#growEntries();
    copy(keyBytes, 0, keyLength, this.bytes, this.lengthBytes);
    copy(data, valueStart, valueEnd, this.bytes, keyEnd);
    this.keyEnds[this.count] = keyEnd;
    this.ends[this.count] = end;
    this.count += 1;
    this.lengthBytes = end;
  }

  #growBytes(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.lengthBytes));
    this.bytes = larger;
  }

  #growEntries(): void {
    const larger = () => new Uint32Array(2 * this.count);
    const { keyEnds, ends } = this;
    this.keyEnds = larger();
    this.keyEnds.set(keyEnds);
    this.ends = larger();
    this.ends.set(ends);
  }
}

/** Below this many bytes a loop is faster than `set`, which needs a view. */
const LOOP_COPY_BYTES = 96;

function copy(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): void {
  if (end - start > LOOP_COPY_BYTES) {
    target.set(source.subarray(start, end), position);
    return;
  }
  let to = position;
  for (let from = start; from < end; from += 1) {
    target[to] = source[from] as number;
    to += 1;
  }
}
