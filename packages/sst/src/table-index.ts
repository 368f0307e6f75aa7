// The index of a table, parsed and checked once: for each data block a key at or behind all of its keys
// and before all keys of the next block, and where the block lies.
//
// Invariants: keys strictly ascend; blocks do not overlap and lie in order.

import { BlockReader } from './block-reader.js';
import { corrupt, SstError } from './errors.js';
import { BLOCK_TRAILER_BYTES, type BlockHandle, readHandle } from './format.js';
import { compareInternalRanges, TRAILER_BYTES } from './internal-key.js';
import { VarintReader } from './varint.js';

/** The parsed index block. */
export class TableIndex {
  readonly #keys: Uint8Array;
  readonly #keyStarts: Uint32Array;
  readonly #offsets: Float64Array;
  readonly #sizes: Float64Array;
  readonly blockCount: number;

  /**
   * @param contents the index block, decoded
   * @param indexOffset where it lies, for messages
   * @param dataEnd where the data blocks end at the latest
   */
  constructor(contents: Uint8Array, path: string, indexOffset: number, dataEnd: number) {
    const at = { path, offset: indexOffset };
    const reader = new BlockReader(TRAILER_BYTES);
    reader.load(contents, at);
    // LevelDB makes each index entry a restart point, so that no key shares bytes: without this check,
    // a small index could claim keys of any total length.
    const most = reader.restartCount;
    this.#keys = new Uint8Array(contents.length);
    this.#keyStarts = new Uint32Array(most + 1);
    this.#offsets = new Float64Array(most);
    this.#sizes = new Float64Array(most);
    const varints = new VarintReader();
    let count = 0;
    let used = 0;
    let end = 0;
    for (reader.seekToFirst(); reader.valid; reader.next()) {
      if (
        reader.sharedBytes !== 0 ||
        count >= most ||
        reader.restartPoint(count) !== reader.entryStart
      ) {
        throw new SstError(
          'SSTITCH_TABLE_UNSUPPORTED',
          `entry ${count} of the index is not a restart point: LevelDB 1.20 makes each of them one`,
          at,
        );
      }
      varints.position = reader.valueStart;
      const handle = readHandle(reader.data, varints, reader.valueEnd, at);
      if (varints.position !== reader.valueEnd) {
        throw corrupt(`entry ${count} of the index has bytes behind its handle`, at);
      }
      if (handle.offset < end || handle.offset + handle.size + BLOCK_TRAILER_BYTES > dataEnd) {
        throw corrupt(
          `data block ${count} (offset ${handle.offset}, size ${handle.size}) overlaps another part ` +
            'of the table',
          at,
        );
      }
      end = handle.offset + handle.size + BLOCK_TRAILER_BYTES;
      this.#keys.set(reader.keyBytes.subarray(0, reader.keyLength), used);
      this.#keyStarts[count] = used;
      used += reader.keyLength;
      this.#keyStarts[count + 1] = used;
      this.#offsets[count] = handle.offset;
      this.#sizes[count] = handle.size;
      if (count > 0 && this.#compareKeys(count - 1, count) >= 0) {
        throw corrupt(`the key of index entry ${count} is not behind the one before it`, at);
      }
      count += 1;
    }
    if (count === 0 || count !== most) {
      throw corrupt(`the index has ${count} entries and ${most} restart points`, at);
    }
    this.blockCount = count;
  }

  /** Where data block `block` lies in the file. */
  offsetOf(block: number): number {
    return this.#offsets[block] as number;
  }

  /** Size of the contents of data block `block`, as stored. */
  sizeOf(block: number): number {
    return this.#sizes[block] as number;
  }

  handleOf(block: number): BlockHandle {
    return { offset: this.offsetOf(block), size: this.sizeOf(block) };
  }

  /** The index key of data block `block`: a view. */
  keyOf(block: number): Uint8Array {
    return this.#keys.subarray(this.#keyStarts[block], this.#keyStarts[block + 1]);
  }

  /**
   * The first block whose index key is at or behind `target[0, targetLength)`: the only one in which the
   * first entry at or behind the target can be, if it is not the first of the next. `blockCount` if none.
   */
  find(target: Uint8Array, targetLength: number): number {
    let left = 0;
    let right = this.blockCount;
    while (left < right) {
      const middle = (left + right) >>> 1;
      const start = this.#keyStarts[middle] as number;
      const end = this.#keyStarts[middle + 1] as number;
      if (compareInternalRanges(this.#keys, start, end, target, 0, targetLength) < 0) {
        left = middle + 1;
      } else {
        right = middle;
      }
    }
    return left;
  }

  #compareKeys(a: number, b: number): number {
    return compareInternalRanges(
      this.#keys,
      this.#keyStarts[a] as number,
      this.#keyStarts[a + 1] as number,
      this.#keys,
      this.#keyStarts[b] as number,
      this.#keyStarts[b + 1] as number,
    );
  }
}
