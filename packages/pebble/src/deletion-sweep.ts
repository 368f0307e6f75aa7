// Which range deletion covers a key, for keys that ascend.
//
// Invariants: `#waiting` has what starts behind the key asked for last; `#active` has the rest, the highest
// sequence on top. What ends before the key is taken off when it comes to the top, or when there is too much.

import { compareBytes } from '@sstitch/sst';
import { PebbleError } from './errors.js';
import { Heap } from './heap.js';
import { compareFronts } from './key-order.js';
import type { RangeDeletion } from './range-deletions.js';

/** Below every sequence. */
const NOT_COVERED = -1;

export class DeletionSweep {
  readonly #maxDeletions: number;
  readonly #waiting = new Heap<RangeDeletion>((a, b) => compareBytes(a.start, b.start) < 0);
  readonly #active = new Heap<RangeDeletion>((a, b) => a.sequence > b.sequence);

  constructor(maxDeletions: number) {
    this.#maxDeletions = maxDeletions;
  }

  /** Adds a deletion that covers no key asked for before. */
  add(deletion: RangeDeletion): void {
    this.#waiting.push(deletion);
  }

  /** The highest sequence of the deletions that cover the key `bytes[0, length)`; -1 if none does. */
  coveringSequence(bytes: Uint8Array, length: number): number {
    for (;;) {
      const next = this.#waiting.top;
      if (next === undefined || compareFronts(next.start, next.start.length, bytes, length) > 0) {
        break;
      }
      this.#waiting.pop();
      if (endsBehind(next, bytes, length)) this.#activate(next, bytes, length);
    }
    for (;;) {
      const highest = this.#active.top;
      if (highest === undefined) return NOT_COVERED;
      if (endsBehind(highest, bytes, length)) return highest.sequence;
      this.#active.pop();
    }
  }

  #activate(deletion: RangeDeletion, bytes: Uint8Array, length: number): void {
    if (this.#active.size >= this.#maxDeletions) {
      for (const other of this.#active.drain()) {
        if (endsBehind(other, bytes, length)) this.#active.push(other);
      }
      // Half, so that this is not done again for each of many.
      if (this.#active.size >= this.#maxDeletions / 2) {
        throw new PebbleError(
          'SSTITCH_PEBBLE_TOO_LARGE',
          `more than ${this.#maxDeletions / 2} range deletions cover one key: ` +
            'raise the option maxRangeDeletions if you trust the database',
        );
      }
    }
    this.#active.push(deletion);
  }
}

function endsBehind(deletion: RangeDeletion, bytes: Uint8Array, length: number): boolean {
  return compareFronts(deletion.end, deletion.end.length, bytes, length) > 0;
}
