// Which range deletion covers a key, for keys that ascend.
//
// Invariants: `#waiting` has what starts behind the key asked for last; `#active` has the rest, the highest
// sequence on top. What ends before the key is taken off when it comes to the top, or when there is too much.

import { compareBytes } from '@sstitch/contract';
import { PebbleError } from './errors.js';
import { Heap } from './heap.js';
import { compareFronts } from './key-order.js';
import type { RangeDeletion } from './range-deletions.js';

/** Below every sequence. */
const NOT_COVERED = -1;
const MIN_PURGE_SIZE = 1024;

export class DeletionSweep {
  readonly #maxDeletions: number;
  readonly #waiting = new Heap<RangeDeletion>((a, b) => compareBytes(a.start, b.start) < 0);
  readonly #active = new Heap<RangeDeletion>((a, b) => a.sequence > b.sequence);

  /** How many there are in `#active` when it is looked through for what has ended. */
  #purgeSize = MIN_PURGE_SIZE;

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
    this.#active.push(deletion);
    if (this.#active.size < this.#purgeSize) return;
    for (const other of this.#active.drain()) {
      if (endsBehind(other, bytes, length)) this.#active.push(other);
    }
    if (this.#active.size > this.#maxDeletions) {
      throw new PebbleError(
        'SSTITCH_PEBBLE_TOO_LARGE',
        `more than ${this.#maxDeletions} range deletions cover one key: ` +
          'raise the option maxRangeDeletions if you trust the database',
      );
    }
    // Twice what is left, so that this is seldom.
    this.#purgeSize = Math.max(MIN_PURGE_SIZE, 2 * this.#active.size);
  }
}

function endsBehind(deletion: RangeDeletion, bytes: Uint8Array, length: number): boolean {
  return compareFronts(deletion.end, deletion.end.length, bytes, length) > 0;
}
