// Walks the points of a table that lie in a range, in order.
//
// Invariants:
// - Until `open` is called the cursor holds the lowest key that it may have, and a sequence above all others: it
//   stands for its table in a merge, and no byte of the table is read.
// - Whatever the blocks hold, keys ascend, and lie between the separators of the index: so a range is the
//   same whether a cursor starts at it or comes from before.
// - One data block and one index block below the top are held at a time.

import { compareBytes } from '@sstitch/contract';
import type { BlockCursor, EntryCursor } from './entry-cursor.js';
import { POINT_ROLE, refusedKindName } from './entry-kind.js';
import { corrupt, type Location, type PebbleError, unsupported } from './errors.js';
import { compareFronts } from './key-order.js';
import { type KeyRange, keyBehind } from './key-range.js';
import type { MemoryBudget } from './memory-budget.js';
import type { RangeDeletion } from './range-deletions.js';
import type { LiveTable } from './read-manifest.js';
import type { Block, BlockHandle } from './stored-block.js';
import type { TableFile } from './table-file.js';
import type { TableIndex } from './table-index.js';

const NOTHING = new Uint8Array(0);
/** Above any sequence. */
const UNOPENED_SEQUENCE = Number.POSITIVE_INFINITY;

export class TableCursor implements EntryCursor {
  readonly #table: LiveTable;
  readonly #range: KeyRange;
  readonly #budget: MemoryBudget;
  /** Of the budget, what the block and the part of the index take. */
  #heldBytes = 0;
  readonly #lower: Uint8Array;
  /** The sequence of every entry of an ingested table: the table itself has 0. */
  readonly #sequence: number | undefined;
  #file: TableFile | undefined;
  #block: BlockCursor | undefined;
  #at: Location = { path: '' };
  /** The index block that names data blocks, and the row of it. */
  #index: TableIndex | undefined;
  #row = -1;
  /** Of a two-level index, the row of the top. */
  #topRow = -1;
  #separator: Uint8Array = NOTHING;
  /** May the block hold keys at or behind the range's end, or the table's largest? */
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
  /** Of the block that holds the entry. */
  get location(): Location {
    return this.#at;
  }

  /** To the first entry in the range. `file` must stay open until the cursor is not used any more. */
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

  /** Gives its memory back. The cursor is of no use afterwards. */
  close(): void {
    this.#budget.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** The table's range deletions, cut to its bounds. */
  rangeDeletions(): RangeDeletion[] {
    const { smallest, largest, largestIsExclusive } = this.#table;
    const end = largest === undefined || largestIsExclusive ? largest : keyBehind(largest);
    const cut: RangeDeletion[] = [];
    for (const deletion of this.#file?.rangeDeletions ?? []) {
      const from = compareBytes(deletion.start, smallest) < 0 ? smallest : deletion.start;
      const isSplit = end !== undefined && compareBytes(deletion.end, end) > 0;
      const to = isSplit ? end : deletion.end;
      const sequence = this.#sequence ?? deletion.sequence;
      if (compareBytes(from, to) < 0) cut.push({ start: from, end: to, sequence });
    }
    return cut;
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

  /** Ends the cursor at the range's end, and refuses what no table holds. */
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
        if (backing === undefined) throw this.#outOfBounds('behind its largest key');
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
      block.load(stored);
      this.#holdBlock(block);
      if (!block.valid) {
        // A table without points may have one empty block; more would be room to loop in.
        const isOnlyBlock = index.count === 1 && !(this.#file as TableFile).hasTwoLevelIndex;
        if (!isOnlyBlock) throw corrupt('a data block is empty', stored.at);
        continue;
      }
      if (continues && compareFronts(block.keyBytes, block.keyLength, before, before.length) < 0) {
        throw corrupt('a data block starts before the separator in front of it', stored.at);
      }
      if (continues && !follows(block, beforeSequence, beforeKind)) {
        throw corrupt('a data block starts before the end of the one in front of it', stored.at);
      }
      this.#setLimits();
      this.valid = true;
      return;
    }
  }

  #holdBlock(block: BlockCursor): void {
    this.close();
    const part = this.#index === this.#file?.index ? 0 : (this.#index?.heldBytes ?? 0);
    const heldBytes = block.heldBytes + part;
    this.#budget.hold(heldBytes, this.#at);
    this.#heldBytes = heldBytes;
  }

  #setLimits(): void {
    const { end } = this.#range;
    this.#mayReachEnd = end !== undefined && compareBytes(this.#separator, end) >= 0;
    const { largest } = this.#table;
    this.#mayReachLargest = largest !== undefined && compareBytes(this.#separator, largest) >= 0;
  }

  /** The block was read to its end: its last key is at or before the separator. */
  #checkSeparator(block: BlockCursor): void {
    const separator = this.#separator;
    if (compareFronts(block.keyBytes, block.keyLength, separator, separator.length) > 0) {
      throw corrupt('a data block ends behind its separator', this.#at);
    }
  }

  /** To the next row of the index; false behind the last one. */
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
    if (partition.count === 0) throw corrupt('a part of the index is empty', partition.at);
    const last = partition.separator(partition.count - 1);
    const isInPlace =
      compareBytes(last, file.index.separator(topRow)) <= 0 &&
      (topRow === 0 || compareBytes(file.index.separator(topRow - 1), partition.separator(0)) <= 0);
    if (!isInPlace) throw corrupt('a part of the index is out of order', partition.at);
    this.#index = partition;
    this.#topRow = topRow;
  }

  #readBlock(handle: BlockHandle): Block {
    return (this.#file as TableFile).readBlock(handle);
  }

  #outOfBounds(where: string): PebbleError {
    return corrupt(
      `table ${this.#table.number} has a key ${where} in the MANIFEST: they are not of one database`,
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

/** Does the first entry of a block follow the last one of the block before? */
function follows(block: BlockCursor, beforeSequence: number, beforeKind: number): boolean {
  if (block.order !== 0) return block.order > 0;
  if (block.sequence !== beforeSequence) return block.sequence < beforeSequence;
  return block.kind < beforeKind;
}
