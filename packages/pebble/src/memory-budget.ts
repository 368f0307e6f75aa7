// How much memory all open tables of a database may take together. A file of a few KB can say that thousands of
// tables, each with a large block, cover one key: each of them is within its own limits.

import { type Location, tooLarge } from './errors.js';

export class MemoryBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;
  /** Gives back what can be spared. */
  reclaim: () => void = () => {};

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @throws PebbleError `SSTITCH_PEBBLE_TOO_LARGE`; nothing is held then */
  hold(bytes: number, at: Location): void {
    if (this.#heldBytes + bytes > this.#maxBytes) this.reclaim();
    const heldBytes = this.#heldBytes + bytes;
    if (heldBytes > this.#maxBytes) {
      const what = `the open tables need ${heldBytes} bytes of memory`;
      throw tooLarge(what, this.#maxBytes, 'maxOpenBytes', at);
    }
    this.#heldBytes = heldBytes;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}
