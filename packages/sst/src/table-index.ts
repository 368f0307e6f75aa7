// The index of a table, parsed and checked once: for each data block a key at or behind all of its keys
// and before all keys of the next block, and where the block lies.
//
// Invariants: keys strictly ascend; blocks do not overlap, and lie in order, but for those of a narrowed
// table that it uses where they lie: a table in front may have been narrowed itself.

import type { BlockBuilder } from './block-builder.js';
import { readFixed32 } from './checksum.js';
import { corrupt, SstError, type TableLocation } from './errors.js';
import { BLOCK_TRAILER_BYTES, type BlockHandle, MAX_BLOCK_BYTES } from './format.js';
import { compareInternalRanges, TRAILER_BYTES } from './internal-key.js';
import { VarintReader } from './varint.js';

/** The parsed index block. */
export class TableIndex {
  /** The index block itself: LevelDB shares no key bytes in it, so keys are views of it. */
  readonly #contents: Uint8Array;
  readonly #restartsStart: number;
  readonly #keyStarts: Uint32Array;
  readonly #keyEnds: Uint32Array;
  readonly #offsets: Float64Array;
  readonly #sizes: Uint32Array;
  readonly blockCount: number;

  /**
   * One pass without an object for each entry: tables are opened by the dozen in a commit, and their
   * indexes have thousands of entries.
   *
   * @param contents the index block, decoded
   * @param indexOffset where it lies, for messages
   * @param dataEnd where the data blocks end at the latest
   * @param narrowedBytes size of the table in front, 0 if there is none
   */
  constructor(
    contents: Uint8Array,
    path: string,
    indexOffset: number,
    dataEnd: number,
    narrowedBytes = 0,
  ) {
    const at = { path, offset: indexOffset };
    const count = contents.length < 4 ? 0 : readFixed32(contents, contents.length - 4);
    if (count === 0 || count > (contents.length - 4) / 4) {
      throw corrupt(`a block of ${contents.length} bytes cannot have ${count} restart points`, at);
    }
    const entriesEnd = contents.length - 4 - 4 * count;
    this.#contents = contents;
    this.#restartsStart = entriesEnd;
    this.#keyStarts = new Uint32Array(count);
    this.#keyEnds = new Uint32Array(count);
    this.#offsets = new Float64Array(count);
    this.#sizes = new Uint32Array(count);
    this.blockCount = count;
    const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
    const handle = new HandleReader();
    let position = 0;
    let endBehind = narrowedBytes;
    let keyBefore = 0;
    let keyBeforeEnd = 0;
    for (let entry = 0; entry < count; entry += 1) {
      // LevelDB makes each index entry a restart point, so that no key shares bytes: without this
      // check, a small index could claim keys of any total length.
      if (view.getUint32(entriesEnd + 4 * entry, true) !== position) {
        throw notARestartPoint(entry, at);
      }
      let shared = 0;
      let keyStart = position + 3;
      let keyLength = keyStart <= entriesEnd ? (contents[position + 1] as number) : 0x80;
      let valueLength = contents[position + 2] as number;
      // One byte each, nearly always.
      if (contents[position] !== 0 || (keyLength | valueLength) >= 0x80) {
        const varints = new VarintReader();
        varints.position = position;
        shared = varints.read32(contents, entriesEnd);
        keyLength = shared < 0 ? -1 : varints.read32(contents, entriesEnd);
        valueLength = keyLength < 0 ? -1 : varints.read32(contents, entriesEnd);
        keyStart = varints.position;
      }
      const keyEnd = keyStart + keyLength;
      const valueEnd = keyEnd + valueLength;
      if (valueLength < 0 || valueEnd > entriesEnd) {
        throw corrupt(`entry ${entry} of the index is cut off or out of range`, at);
      }
      if (shared !== 0) throw notARestartPoint(entry, at);
      if (keyLength < TRAILER_BYTES) {
        throw corrupt(`the key of index entry ${entry} is too short for an internal key`, at);
      }
      if (!handle.read(contents, keyEnd, valueEnd)) {
        throw corrupt('a block handle is cut off or out of range', at);
      }
      if (handle.end !== valueEnd) {
        throw corrupt(`entry ${entry} of the index has bytes behind its handle`, at);
      }
      const { offset, size } = handle;
      const isInFront = offset < narrowedBytes;
      const end = offset + size + BLOCK_TRAILER_BYTES;
      if (isInFront ? end > narrowedBytes : offset < endBehind || end > dataEnd) {
        throw overlapping(entry, offset, size, at);
      }
      if (size > MAX_BLOCK_BYTES) {
        const problem = `a block of ${size} bytes is larger than ${MAX_BLOCK_BYTES}`;
        throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, { path, offset });
      }
      if (!isInFront) endBehind = end;
      this.#keyStarts[entry] = keyStart;
      this.#keyEnds[entry] = keyEnd;
      this.#offsets[entry] = offset;
      this.#sizes[entry] = size;
      if (entry > 0 && !isOrdered(view, contents, keyBefore, keyBeforeEnd, keyStart, keyEnd)) {
        throw corrupt(`the key of index entry ${entry} is not behind the one before it`, at);
      }
      keyBefore = keyStart;
      keyBeforeEnd = keyEnd;
      position = valueEnd;
    }
    if (position !== entriesEnd) throw notARestartPoint(count, at);
    if (narrowedBytes > 0) this.#checkInFront(narrowedBytes, at);
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
    return this.#contents.subarray(this.#keyStarts[block], this.#keyEnds[block]);
  }

  /** Adds the entries of the blocks from `from` up to `to` to another index. */
  copyTo(builder: BlockBuilder, from: number, to: number): void {
    const first = this.keyOf(from);
    builder.sharedWithLast(first, first.length);
    builder.appendStored(this.#contents, this.#restartsStart, from, to, this.keyOf(to - 1));
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
      const end = this.#keyEnds[middle] as number;
      if (compareInternalRanges(this.#contents, start, end, target, 0, targetLength) < 0) {
        left = middle + 1;
      } else {
        right = middle;
      }
    }
    return left;
  }

  /** No two blocks may share bytes: a small file could else claim any amount of data. */
  #checkInFront(narrowedBytes: number, at: TableLocation): void {
    const blocks = Uint32Array.from({ length: this.blockCount }, (_, block) => block)
      .filter((block) => this.offsetOf(block) < narrowedBytes)
      .sort((a, b) => this.offsetOf(a) - this.offsetOf(b));
    let end = 0;
    for (const block of blocks) {
      const offset = this.offsetOf(block);
      const size = this.sizeOf(block);
      if (offset < end) throw overlapping(block, offset, size, at);
      end = offset + size + BLOCK_TRAILER_BYTES;
    }
  }
}

/** Reads block handles, two varints each, mostly of three bytes and of two, without an object for each. */
class HandleReader {
  offset = 0;
  size = 0;
  /** Behind the handle. */
  end = 0;
  readonly #varints = new VarintReader();

  /** False if the handle at `position` is cut off by `limit`, too long or too large. */
  read(bytes: Uint8Array, position: number, limit: number): boolean {
    // Three bytes and two: all but the first blocks of a table of up to 2 MiB.
    if (position + 5 === limit) {
      const first = bytes[position] as number;
      const second = bytes[position + 1] as number;
      const third = bytes[position + 2] as number;
      const fourth = bytes[position + 3] as number;
      const fifth = bytes[position + 4] as number;
      if ((first & second & fourth) >= 0x80 && (third | fifth) < 0x80) {
        this.offset = (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
        this.size = (fourth & 0x7f) | (fifth << 7);
        this.end = limit;
        return true;
      }
    }
    const varints = this.#varints;
    varints.position = position;
    this.offset = varints.read64(bytes, limit);
    if (this.offset < 0) return false;
    this.size = varints.read64(bytes, limit);
    this.end = varints.position;
    return this.size >= 0;
  }
}

/**
 * Whether the internal key `bytes[aStart, aEnd)` comes before `bytes[bStart, bEnd)`. Neighbours in an index
 * share most of their bytes, so these are compared four at a time: half the time of a commit's opening of
 * tables was this.
 *
 * @param view of `bytes`
 */
function isOrdered(
  view: DataView,
  bytes: Uint8Array,
  aStart: number,
  aEnd: number,
  bStart: number,
  bEnd: number,
): boolean {
  const shorter = Math.min(aEnd - aStart, bEnd - bStart) - TRAILER_BYTES;
  let at = 0;
  // In the machine's usual order, as only equality counts here, and with one branch for sixteen bytes.
  for (; at + 16 <= shorter; at += 16) {
    const a = aStart + at;
    const b = bStart + at;
    const differs =
      (view.getInt32(a, true) ^ view.getInt32(b, true)) |
      (view.getInt32(a + 4, true) ^ view.getInt32(b + 4, true)) |
      (view.getInt32(a + 8, true) ^ view.getInt32(b + 8, true)) |
      (view.getInt32(a + 12, true) ^ view.getInt32(b + 12, true));
    if (differs !== 0) break;
  }
  for (; at + 4 <= shorter; at += 4) {
    const a = view.getUint32(aStart + at);
    const b = view.getUint32(bStart + at);
    if (a !== b) return a < b;
  }
  return compareInternalRanges(bytes, aStart + at, aEnd, bytes, bStart + at, bEnd) < 0;
}

function overlapping(block: number, offset: number, size: number, at: TableLocation): SstError {
  return corrupt(
    `data block ${block} (offset ${offset}, size ${size}) overlaps another part of the table`,
    at,
  );
}

function notARestartPoint(entry: number, at: TableLocation): SstError {
  return new SstError(
    'SSTITCH_TABLE_UNSUPPORTED',
    `entry ${entry} of the index is not a restart point: LevelDB 1.20 makes each of them one`,
    at,
  );
}
