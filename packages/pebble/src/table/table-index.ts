// An index block: the places of the blocks below it, in order. Those are data blocks or, in the top level of a
// two-level index, index blocks.
//
//   row       a row block: an internal key >= all keys of the block below and <= those of the next -> its
//             handle, then block properties
//   columnar  no custom header; columns: 0 bytes separator (such a user key), 1 uint offset, 2 uint
//             length, 3 bytes block properties

import { compareBytes } from '@sstitch/contract';
import { ByteCursor } from '../encoding/byte-cursor.js';
import { corrupt, type Location, tooLarge } from '../errors.js';
import { BYTES, ColumnarBlock, UINT } from './columnar-block.js';
import { RowReader } from './row-block.js';
import type { Block, BlockFile, BlockHandle } from './stored-block.js';

/** The size of the decoded numbers of a row. */
const ROW_BYTES = 32;
/** The least that a block takes in the file. Each row points to a block of its own. */
const MIN_STORED_BYTES = 6;

export class TableIndex {
  readonly count: number;
  readonly at: Location;
  readonly #keys: Uint8Array;
  /** Separator i is `#keys[#keyEnds[i], #keyEnds[i + 1])`. */
  readonly #keyEnds: ArrayLike<number>;
  readonly #offsets: ArrayLike<number>;
  readonly #lengths: ArrayLike<number>;

  /** Use `readTableIndex`. */
  constructor(
    at: Location,
    keys: Uint8Array,
    keyEnds: ArrayLike<number>,
    offsets: ArrayLike<number>,
    lengths: ArrayLike<number>,
  ) {
    this.at = at;
    this.count = offsets.length;
    this.#keys = keys;
    this.#keyEnds = keyEnds;
    this.#offsets = offsets;
    this.#lengths = lengths;
    for (let row = 1; row < this.count; row += 1) {
      if (compareBytes(this.separator(row - 1), this.separator(row)) > 0) {
        throw corrupt(`an index block has row ${row} out of order`, at);
      }
    }
  }

  /** The memory of the index in bytes. */
  get heldBytes(): number {
    return this.#keys.length + ROW_BYTES * this.count;
  }

  /** A user key at or after all keys of the block and at or before those of the next one; a view. */
  separator(row: number): Uint8Array {
    return this.#keys.subarray(this.#keyEnds[row], this.#keyEnds[row + 1]);
  }

  handle(row: number): BlockHandle {
    return { offset: this.#offsets[row] as number, length: this.#lengths[row] as number };
  }

  /** The first block that may hold a user key at or after `userKey`; `count` if there is none. */
  find(userKey: Uint8Array): number {
    let left = 0;
    let right = this.count;
    while (left < right) {
      const middle = (left + right) >>> 1;
      if (compareBytes(this.separator(middle), userKey) < 0) left = middle + 1;
      else right = middle;
    }
    return left;
  }
}

/** Reads an index block. */
export function readTableIndex(
  blocks: BlockFile,
  handle: BlockHandle,
  layout: 'row' | 'columnar',
): TableIndex {
  const block = blocks.read(handle);
  return layout === 'row' ? readRows(blocks, block) : readColumns(blocks, block);
}

/** Refuses more rows than the file can have blocks: decoded, they could take far more memory than the file. */
function checkRows({ file }: BlockFile, block: Block, rows: number): void {
  if (rows * MIN_STORED_BYTES <= file.sizeBytes) return;
  throw corrupt(`an index block has ${rows} rows, but the file ${file.sizeBytes} bytes`, block.at);
}

function readRows(blocks: BlockFile, block: Block): TableIndex {
  const reader = new RowReader();
  reader.load(block);
  const keyEnds = [0];
  const offsets: number[] = [];
  const lengths: number[] = [];
  // One buffer for all keys: a block can have millions, and an array of its own takes 200 bytes for a short key.
  let keys = new Uint8Array(block.bytes.length);
  let keyBytes = 0;
  while (reader.next()) {
    checkRows(blocks, block, keyEnds.length);
    const start = keyBytes;
    keyBytes += reader.userKeyLength();
    // Stored keys share bytes, so that decoded they can be far larger than the block.
    if (keyBytes > blocks.maxBlockBytes) {
      const what = 'the keys of an index block are too large';
      throw tooLarge(what, blocks.maxBlockBytes, 'maxBlockBytes', block.at);
    }
    if (keyBytes > keys.length) {
      const larger = new Uint8Array(Math.max(keyBytes, 2 * keys.length));
      larger.set(keys);
      keys = larger;
    }
    keys.set(reader.keyBytes.subarray(0, keyBytes - start), start);
    keyEnds.push(keyBytes);
    const cursor = new ByteCursor(reader.value(), 'a block handle of an index', block.at);
    const handle = blocks.readHandle(cursor);
    offsets.push(handle.offset);
    lengths.push(handle.length);
  }
  return new TableIndex(block.at, keys.slice(0, keyBytes), keyEnds, offsets, lengths);
}

function readColumns(blocks: BlockFile, block: Block): TableIndex {
  const columns = new ColumnarBlock(block, 'an index block', 0, [BYTES, UINT, UINT, BYTES]);
  const { rows, bytes } = columns;
  checkRows(blocks, block, rows);
  const separators = columns.strings(0, rows);
  const offsets = columns.uints(1, rows);
  const lengths = columns.uints(2, rows);
  return new TableIndex(block.at, bytes, separators, offsets, lengths);
}
