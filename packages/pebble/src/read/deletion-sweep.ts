// Finds the range deletions that cover ascending keys.
//
// Invariants: `#waiting` holds the deletions that start after the last key; `#active` holds the others, with
// the highest sequence number on top. A deletion that ends before the key is removed when it reaches the top,
// or when there are too many. Deletions of tables count in the budget, as a table may be closed long before the
// keys that it deletes.

import { compareBytes } from '@sstitch/contract';
import { Heap } from '../encoding/heap.js';
import { compareFronts } from '../encoding/key-order.js';
import { type Location, PebbleError } from '../errors.js';
import { deletionBytes, type RangeDeletion } from '../table/range-deletions.js';
import type { MemoryBudget } from './memory-budget.js';

interface HeldDeletion extends RangeDeletion {
  /** The part of the budget that it takes. */
  readonly heldBytes: number;
}

/** Less than every sequence number. */
const NOT_COVERED = -1;
const MIN_PURGE_SIZE = 1024;

export class DeletionSweep {
  readonly #maxDeletions: number;
  readonly #budget: MemoryBudget;
  #heldBytes = 0;
  readonly #waiting = new Heap<HeldDeletion>((a, b) => compareBytes(a.start, b.start) < 0);
  readonly #active = new Heap<HeldDeletion>((a, b) => a.sequence > b.sequence);

  /** The size of `#active` at which ended deletions are removed from it. */
  #purgeSize = MIN_PURGE_SIZE;

  constructor(maxDeletions: number, budget: MemoryBudget) {
    this.#maxDeletions = maxDeletions;
    this.#budget = budget;
  }

  /**
   * Adds a deletion that covers no earlier key.
   *
   * @param table the place of the table that holds it; undefined for a WAL, whose entries do not count in the budget
   */
  add({ start, end, sequence }: RangeDeletion, table?: Location): void {
    let heldBytes = 0;
    if (table !== undefined) {
      heldBytes = deletionBytes(start, end);
      this.#budget.hold(heldBytes, table);
      this.#heldBytes += heldBytes;
    }
    this.#waiting.push({ start, end, sequence, heldBytes });
  }

  /** Releases the memory. The sweep must not be used afterwards. */
  close(): void {
    this.#budget.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** Returns the highest sequence number of the deletions that cover the key `bytes[0, length)`; -1 if none does. */
  coveringSequence(bytes: Uint8Array, length: number): number {
    for (;;) {
      const next = this.#waiting.top;
      if (next === undefined || compareFronts(next.start, next.start.length, bytes, length) > 0) {
        break;
      }
      this.#waiting.pop();
      if (endsBehind(next, bytes, length)) this.#activate(next, bytes, length);
      else this.#release(next);
    }
    for (;;) {
      const highest = this.#active.top;
      if (highest === undefined) return NOT_COVERED;
      if (endsBehind(highest, bytes, length)) return highest.sequence;
      this.#active.pop();
      this.#release(highest);
    }
  }

  #activate(deletion: HeldDeletion, bytes: Uint8Array, length: number): void {
    this.#active.push(deletion);
    if (this.#active.size < this.#purgeSize) return;
    for (const other of this.#active.drain()) {
      if (endsBehind(other, bytes, length)) this.#active.push(other);
      else this.#release(other);
    }
    if (this.#active.size > this.#maxDeletions) {
      throw new PebbleError(
        'SSTITCH_PEBBLE_TOO_LARGE',
        `more than ${this.#maxDeletions} range deletions cover one key: ` +
          'raise the option maxRangeDeletions if you trust the database',
      );
    }
    // Twice the remaining number, so that this is rare.
    this.#purgeSize = Math.max(MIN_PURGE_SIZE, 2 * this.#active.size);
  }

  #release({ heldBytes }: HeldDeletion): void {
    this.#budget.release(heldBytes);
    this.#heldBytes -= heldBytes;
  }
}

function endsBehind(deletion: RangeDeletion, bytes: Uint8Array, length: number): boolean {
  return compareFronts(deletion.end, deletion.end.length, bytes, length) > 0;
}
