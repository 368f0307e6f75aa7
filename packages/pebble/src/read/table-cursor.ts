// Iterates over the points of a table in a range, in order.
//
// Invariants:
// - Until `open` is called, the cursor is at the lowest key that it may have, with a sequence number above all
//   others: it represents its table in a merge, without reading a byte of the table.
// - Whatever the blocks hold, keys ascend and lie between the separators of the index, so that a range has the
//   same entries whether a cursor starts there or before it.
// - The cursor holds one data block and one index block below the top level at a time.

import { compareBytes, keyAfter } from '@sstitch/contract';
import { POINT_ROLE, refusedKindName } from '../encoding/entry-kind.js';
import { compareFronts } from '../encoding/key-order.js';
import { corrupt, type Location, type PebbleError, unsupported } from '../errors.js';
import type { LiveTable } from '../manifest/read-manifest.js';
import type { BlockCursor, EntryCursor } from '../table/entry-cursor.js';
import type { RangeDeletion } from '../table/range-deletions.js';
import type { Block, BlockHandle } from '../table/stored-block.js';
import type { TableFile } from '../table/table-file.js';
import type { TableIndex } from '../table/table-index.js';
import type { KeyRange } from './key-range.js';
import type { MemoryBudget } from './memory-budget.js';

const NOTHING = new Uint8Array(0);
/** Above every sequence number. */
const UNOPENED_SEQUENCE = Number.POSITIVE_INFINITY;

export class TableCursor implements EntryCursor {
  readonly #table: LiveTable;
  readonly #range: KeyRange;
  readonly #budget: MemoryBudget;
  /** The part of the budget that the block and the index block take. */
  #heldBytes = 0;
  readonly #lower: Uint8Array;
  /** The sequence number of all entries of an ingested table, in which they have 0. */
  readonly #sequence: number | undefined;
  #file: TableFile | undefined;
  #block: BlockCursor | undefined;
  #at: Location = { path: '' };
  /** The index block that points to data blocks, and the current row. */
  #index: TableIndex | undefined;
  #row = -1;
  /** The current row of the top level of a two-level index. */
  #topRow = -1;
  #separator: Uint8Array = NOTHING;
  /** Whether the block may hold keys at or after the end of the range, or the table's largest key. */
  #mayReachEnd = false;
  #mayReachLargest = false;
  valid = true;

  constructor(table: LiveTable, range: KeyRange, budget: MemoryBudget) {
    this.#table = table;
    this.#range = range;
    this.#budget = budget;
    const { start } = range;
    this.#lower = compareBytes(start, table.smallest) > 0 ? start : table.smallest;
    const { smallestSequence, largestSequence } = table;
    const isIngested = smallestSequence === largestSequence && largestSequence > 0;
    this.#sequence = isIngested ? largestSequence : undefined;
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }
  get table(): LiveTable {
    return this.#table;
  }
  get keyBytes(): Uint8Array {
    return this.#block?.keyBytes ?? this.#lower;
  }
  get keyLength(): number {
    return this.#block?.keyLength ?? this.#lower.length;
  }
  get sequence(): number {
    if (this.#block === undefined) return UNOPENED_SEQUENCE;
    return this.#sequence ?? this.#block.sequence;
  }
  get kind(): number {
    return this.#block?.kind ?? 0;
  }
  get data(): Uint8Array {
    return this.#block?.data ?? NOTHING;
  }
  get valueStart(): number {
    return this.#block?.valueStart ?? 0;
  }
  get valueEnd(): number {
    return this.#block?.valueEnd ?? 0;
  }
  get isExternal(): boolean {
    return this.#block?.isExternal ?? false;
  }
  get order(): number {
    return this.#block?.order ?? 1;
  }
  /** The place of the block that holds the entry. */
  get location(): Location {
    return this.#at;
  }

  /** Moves to the first entry in the range. `file` must stay open while the cursor is in use. */
  open(file: TableFile): void {
    this.#file = file;
    this.#block = file.makeBlockCursor();
    this.valid = false;
    const lower = this.#lower;
    let row = file.index.find(lower);
    if (row === file.index.count) return;
    this.#index = file.index;
    if (file.hasTwoLevelIndex) {
      this.#loadPartition(row);
      row = (this.#index as TableIndex).find(lower);
    }
    this.#row = row - 1;
    this.#nextBlock(false);
    this.#skipTo(lower);
    if (this.valid) this.#check();
  }

  next(): void {
    const block = this.#block as BlockCursor;
    block.next();
    if (!block.valid) {
      this.#nextBlock(true);
      if (!this.valid) return;
    }
    this.#check();
  }

  /** Releases the memory. The cursor must not be used afterwards. */
  close(): void {
    this.#budget.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** The table's range deletions, clipped to its bounds. */
  rangeDeletions(): RangeDeletion[] {
    const { smallest, largest, largestIsExclusive } = this.#table;
    const end = largest === undefined || largestIsExclusive ? largest : keyAfter(largest);
    const clipped: RangeDeletion[] = [];
    for (const deletion of this.#file?.rangeDeletions ?? []) {
      const from = compareBytes(deletion.start, smallest) < 0 ? smallest : deletion.start;
      const isSplit = end !== undefined && compareBytes(deletion.end, end) > 0;
      const to = isSplit ? end : deletion.end;
      const sequence = this.#sequence ?? deletion.sequence;
      if (compareBytes(from, to) < 0) clipped.push({ start: from, end: to, sequence });
    }
    return clipped;
  }

  #skipTo(lower: Uint8Array): void {
    const block = this.#block as BlockCursor;
    const isTableStart = lower === this.#table.smallest && this.#table.backing === undefined;
    while (this.valid && compareFronts(block.keyBytes, block.keyLength, lower, lower.length) < 0) {
      if (isTableStart) throw this.#outOfBounds('before its smallest key');
      block.next();
      if (!block.valid) this.#nextBlock(true);
    }
  }

  /** Ends the cursor at the end of the range, and refuses invalid entries. */
  #check(): void {
    const block = this.#block as BlockCursor;
    const { keyBytes, keyLength } = block;
    if (this.#mayReachEnd) {
      const { end } = this.#range;
      if (end !== undefined && compareFronts(keyBytes, keyLength, end, end.length) >= 0) {
        this.valid = false;
        return;
      }
    }
    const { largest } = this.#table;
    if (this.#mayReachLargest && largest !== undefined) {
      const { largestIsExclusive, backing } = this.#table;
      const order = compareFronts(keyBytes, keyLength, largest, largest.length);
      if (order > 0 || (order === 0 && largestIsExclusive)) {
        if (backing === undefined) throw this.#outOfBounds('after its largest key');
        this.valid = false;
        return;
      }
    }
    if (POINT_ROLE[block.kind] === 0) throw this.#refusedKind(block.kind);
    if (block.sequence > Number.MAX_SAFE_INTEGER) {
      throw unsupported('an entry has a sequence above 2^53', this.#at);
    }
  }

  #nextBlock(continues: boolean): void {
    const block = this.#block as BlockCursor;
    if (continues) this.#checkSeparator(block);
    for (;;) {
      const before = this.#separator;
      const beforeSequence = block.sequence;
      const beforeKind = block.kind;
      if (!this.#step()) {
        this.valid = false;
        return;
      }
      const index = this.#index as TableIndex;
      const stored = this.#readBlock(index.handle(this.#row));
      this.#separator = index.separator(this.#row);
      this.#at = stored.at;
      this.#holdBlock(block.neededBytes(stored));
      block.load(stored);
      if (!block.valid) {
        // A table without points may have one empty block; more would let a file cause a long loop.
        const isOnlyBlock = index.count === 1 && !(this.#file as TableFile).hasTwoLevelIndex;
        if (!isOnlyBlock) throw corrupt('a data block is empty', stored.at);
        continue;
      }
      if (continues && compareFronts(block.keyBytes, block.keyLength, before, before.length) < 0) {
        throw corrupt('a data block starts before the previous separator', stored.at);
      }
      if (continues && !follows(block, beforeSequence, beforeKind)) {
        throw corrupt('a data block starts before the end of the previous one', stored.at);
      }
      this.#setLimits();
      this.valid = true;
      return;
    }
  }

  #holdBlock(blockBytes: number): void {
    this.close();
    const part = this.#index === this.#file?.index ? 0 : (this.#index?.heldBytes ?? 0);
    const heldBytes = blockBytes + part;
    this.#budget.hold(heldBytes, this.#at);
    this.#heldBytes = heldBytes;
  }

  #setLimits(): void {
    const { end } = this.#range;
    this.#mayReachEnd = end !== undefined && compareBytes(this.#separator, end) >= 0;
    const { largest } = this.#table;
    this.#mayReachLargest = largest !== undefined && compareBytes(this.#separator, largest) >= 0;
  }

  /** Checks, at the end of a block, that its last key is at or before the separator. */
  #checkSeparator(block: BlockCursor): void {
    const separator = this.#separator;
    if (compareFronts(block.keyBytes, block.keyLength, separator, separator.length) > 0) {
      throw corrupt('a data block ends after its separator', this.#at);
    }
  }

  /** Moves to the next row of the index; returns false after the last one. */
  #step(): boolean {
    const file = this.#file as TableFile;
    this.#row += 1;
    while (this.#row >= (this.#index as TableIndex).count) {
      if (!file.hasTwoLevelIndex || this.#topRow + 1 >= file.index.count) return false;
      this.#loadPartition(this.#topRow + 1);
      this.#row = 0;
    }
    return true;
  }

  #loadPartition(topRow: number): void {
    const file = this.#file as TableFile;
    const partition = file.readIndexPartition(file.index.handle(topRow));
    if (partition.count === 0) throw corrupt('an index partition is empty', partition.at);
    const last = partition.separator(partition.count - 1);
    const isInPlace =
      compareBytes(last, file.index.separator(topRow)) <= 0 &&
      (topRow === 0 || compareBytes(file.index.separator(topRow - 1), partition.separator(0)) <= 0);
    if (!isInPlace) throw corrupt('an index partition is out of order', partition.at);
    this.#index = partition;
    this.#topRow = topRow;
  }

  #readBlock(handle: BlockHandle): Block {
    return (this.#file as TableFile).readBlock(handle);
  }

  #outOfBounds(where: string): PebbleError {
    return corrupt(
      `table ${this.#table.number} has a key ${where} in the MANIFEST: they do not belong to the same database`,
      this.#at,
    );
  }

  #refusedKind(kind: number): PebbleError {
    const name = refusedKindName(kind);
    return name === undefined
      ? corrupt(`an entry has the unknown kind ${kind}`, this.#at)
      : unsupported(`a table has ${name}, which this package does not read`, this.#at);
  }
}

/** Whether the first entry of a block follows the last one of the previous block. */
function follows(block: BlockCursor, beforeSequence: number, beforeKind: number): boolean {
  if (block.order !== 0) return block.order > 0;
  if (block.sequence !== beforeSequence) return block.sequence < beforeSequence;
  return block.kind < beforeKind;
}
