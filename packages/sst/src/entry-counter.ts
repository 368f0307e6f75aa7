// Adds up the entries of data blocks, for a properties block.

import { BlockReader } from './block-reader.js';
import { TRAILER_BYTES, typeCodeOf } from './internal-key.js';
import type { EntryTotals } from './properties-block.js';

/** What the entries of some blocks add up to. */
export class EntryCounter {
  readonly #path: string;
  readonly #block = new BlockReader(TRAILER_BYTES);
  #entries = 0;
  #deletions = 0;
  #keyBytes = 0;
  #valueBytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Adds a decoded block.
   *
   * @param offset where it lies, for messages
   */
  add(contents: Uint8Array, offset: number): void {
    const block = this.#block;
    block.load(contents, { path: this.#path, offset });
    for (block.seekToFirst(); block.valid; block.next()) {
      this.#entries += 1;
      if (typeCodeOf(block.keyBytes, block.keyLength) === 0) this.#deletions += 1;
      this.#keyBytes += block.keyLength;
      this.#valueBytes += block.valueEnd - block.valueStart;
    }
  }

  get totals(): EntryTotals {
    return {
      entries: this.#entries,
      deletions: this.#deletions,
      keyBytes: this.#keyBytes,
      valueBytes: this.#valueBytes,
    };
  }
}
