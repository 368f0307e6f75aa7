// Copies live entries out of blocks into pages.

import type { EntryCursor } from './entry-cursor.js';
import type { LiveCursor } from './live-cursor.js';

/** A key and its value. The caller may keep the bytes; they share memory with the other entries of the page. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const ARENA_BYTES = 64 * 1024;

/**
 * Yields the entries of a cursor in pages. An empty page means that no entry was found yet, so that the caller
 * can do other work before it continues. Any other page ends when it has `maxEntries`, or `maxBytes` of keys
 * and values.
 */
export function* readPages(
  cursor: LiveCursor,
  maxEntries: number,
  maxBytes: number,
): Generator<Entry[], void> {
  const arena = new Arena();
  let page: Entry[] = [];
  let pageBytes = 0;
  try {
    for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
      if (entry === 'paused') {
        yield [];
        continue;
      }
      page.push(arena.copy(entry));
      pageBytes += entry.keyLength + entry.valueEnd - entry.valueStart;
      if (page.length < maxEntries && pageBytes < maxBytes) continue;
      yield page;
      page = [];
      pageBytes = 0;
    }
    if (page.length > 0) yield page;
  } finally {
    cursor.close();
  }
}

class Arena {
  #bytes = new Uint8Array(0);
  #used = 0;

  copy(entry: EntryCursor): Entry {
    const { keyBytes, keyLength, data, valueStart, valueEnd } = entry;
    const needed = keyLength + valueEnd - valueStart;
    if (this.#used + needed > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.max(needed, ARENA_BYTES));
      this.#used = 0;
    }
    const bytes = this.#bytes;
    const start = this.#used;
    const valueAt = start + keyLength;
    for (let index = 0; index < keyLength; index += 1) {
      bytes[start + index] = keyBytes[index] as number;
    }
    copyValue(data, valueStart, valueEnd, bytes, valueAt);
    this.#used = start + needed;
    return { key: bytes.subarray(start, valueAt), value: bytes.subarray(valueAt, this.#used) };
  }
}

/** Below this many bytes a loop is faster than `set`, which needs a view. */
const LOOP_COPY_BYTES = 48;

function copyValue(
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
