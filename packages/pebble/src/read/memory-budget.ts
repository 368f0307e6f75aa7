// Limits the memory of all open tables of a database together. A MANIFEST of a few KB can claim that thousands
// of tables, each with a large block, cover one key, although each is within its own limits.

import { type Location, tooLarge } from '../errors.js';

export class MemoryBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;
  /** Releases memory that is not in use. */
  reclaim: () => void = () => {};

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Reserves memory. @throws PebbleError `SSTITCH_PEBBLE_TOO_LARGE`; then nothing is reserved */
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
