// Merges tables and WALs into the live entries of a range: the newest version of each key, if it is a value
// that no range deletion with a higher sequence number hides.
//
// Invariants:
// - The heap holds exactly the cursors that are at an entry or not open yet; only the top cursor moves.
// - A table is opened when its lowest key reaches the top. So its range deletions, which lie within its bounds,
//   are known before any key that they can cover. It is released after its last point.
// - An entry is the newest of its key unless the last entry has the same key. Either the cursor on top is still
//   that of the last entry, and knows, or it is the one that was next then, with which the last entry was
//   compared. A table that is not open yet is positioned before all keys that it can have, so it cannot have
//   that key.

import { POINT_ROLE, ROLE_VALUE } from '../encoding/entry-kind.js';
import { Heap } from '../encoding/heap.js';
import { compareFronts } from '../encoding/key-order.js';
import { unsupported } from '../errors.js';
import type { LiveTable } from '../manifest/read-manifest.js';
import type { CheckedOptions } from '../options.js';
import type { EntryCursor } from '../table/entry-cursor.js';
import { DeletionSweep } from './deletion-sweep.js';
import { deletionOverlaps, type KeyRange, tableOverlaps } from './key-range.js';
import type { MemoryBudget } from './memory-budget.js';
import { MemoryCursor, type MemoryTable } from './memory-table.js';
import type { TableCache } from './table-cache.js';
import { TableCursor } from './table-cursor.js';

type Cursor = TableCursor | MemoryCursor;

/** How many entries are read without a pause: about 10 ms. */
const PAUSE_STEPS = 20_000;
/** Opening a table counts as this many entries, besides its range deletions. */
const OPEN_STEPS = 200;

export class LiveCursor {
  readonly #range: KeyRange;
  readonly #cache: TableCache;
  readonly #heap = new Heap<Cursor>(isBefore);
  readonly #sweep: DeletionSweep;
  /** The cursor of the last entry. */
  #last: Cursor | undefined;
  /** Whether the next cursor has the same user key. */
  #isTied = false;
  /** Whether the top was returned to the caller. */
  #isAtLive = false;
  readonly #open = new Set<TableCursor>();

  constructor(
    tables: readonly LiveTable[],
    memory: MemoryTable,
    range: KeyRange,
    cache: TableCache,
    budget: MemoryBudget,
    options: CheckedOptions,
  ) {
    this.#range = range;
    this.#cache = cache;
    this.#sweep = new DeletionSweep(options.maxRangeDeletions, budget);
    for (const deletion of memory.rangeDeletions) {
      if (deletionOverlaps(deletion, range)) this.#sweep.add(deletion);
    }
    const points = new MemoryCursor(memory.points, range);
    if (points.valid) this.#heap.push(points);
    for (const table of tables) {
      if (tableOverlaps(table, range)) this.#heap.push(new TableCursor(table, range, budget));
    }
  }

  /**
   * Returns the next live entry, valid until the next call; undefined after the last one. Returns `paused`
   * after many entries that are not live, so that the caller can do other work and call again.
   */
  next(): EntryCursor | 'paused' | undefined {
    const heap = this.#heap;
    if (this.#isAtLive) this.#advance();
    this.#isAtLive = false;
    for (let steps = 0; steps < PAUSE_STEPS; steps += 1) {
      const cursor = heap.top;
      if (cursor === undefined) return undefined;
      if (!cursor.isOpen) {
        steps += OPEN_STEPS + this.#openTable(cursor as TableCursor);
      } else if (this.#isNewest(cursor)) {
        this.#isAtLive = true;
        return cursor;
      } else {
        this.#advance();
      }
    }
    return 'paused';
  }

  /** Releases the tables. */
  close(): void {
    for (const cursor of this.#open) this.#closeTable(cursor);
    this.#open.clear();
    this.#heap.drain();
    this.#sweep.close();
  }

  /** Whether this is a live value and the first entry of its key. */
  #isNewest(cursor: Cursor): boolean {
    const isSeen = cursor === this.#last ? cursor.order === 0 : this.#isTied;
    this.#last = cursor;
    this.#isTied = hasSameKey(cursor, this.#heap.left) || hasSameKey(cursor, this.#heap.right);
    if (isSeen) return false;
    if (POINT_ROLE[cursor.kind] !== ROLE_VALUE) return false;
    if (this.#sweep.coveringSequence(cursor.keyBytes, cursor.keyLength) > cursor.sequence)
      return false;
    if (cursor.isExternal) {
      throw unsupported(
        'the newest value of a key is in a value block, which this package does not read: ' +
          'copy the database with value blocks disabled',
        (cursor as TableCursor).location,
      );
    }
    return true;
  }

  /** Opens a table; returns the number of its range deletions, each of which takes as long as an entry. */
  #openTable(cursor: TableCursor): number {
    const file = this.#cache.acquire(cursor.table);
    this.#open.add(cursor);
    cursor.open(file);
    for (const deletion of cursor.rangeDeletions()) {
      if (deletionOverlaps(deletion, this.#range)) this.#sweep.add(deletion, file);
    }
    this.#settle(cursor);
    return file.rangeDeletions.length;
  }

  #advance(): void {
    const cursor = this.#heap.top as Cursor;
    cursor.next();
    this.#settle(cursor);
  }

  /** Restores the order of the heap after its top has moved. */
  #settle(cursor: Cursor): void {
    if (cursor.valid) {
      this.#heap.sinkTop();
      return;
    }
    this.#heap.pop();
    if (cursor instanceof TableCursor && this.#open.delete(cursor)) this.#closeTable(cursor);
  }

  #closeTable(cursor: TableCursor): void {
    cursor.close();
    this.#cache.release(cursor.table);
  }
}

function hasSameKey(a: Cursor, b: Cursor | undefined): boolean {
  if (b === undefined || a.keyLength !== b.keyLength) return false;
  return compareFronts(a.keyBytes, a.keyLength, b.keyBytes, b.keyLength) === 0;
}

function isBefore(a: Cursor, b: Cursor): boolean {
  const order = compareFronts(a.keyBytes, a.keyLength, b.keyBytes, b.keyLength);
  if (order !== 0) return order < 0;
  if (a.sequence !== b.sequence) return a.sequence > b.sequence;
  return a.kind > b.kind;
}
