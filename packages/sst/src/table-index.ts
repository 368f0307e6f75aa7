// The index of a table: for each data block a key at or behind all of its keys and before all keys of the next
// block, and where the block lies. Entries are read where they stand, when they are asked for.
//
// Invariants, once it is checked: keys strictly ascend; blocks do not overlap, and lie in order, but for those of a
// virtual table that it uses where they lie: a table in front may have been shared itself. Checked or not, an
// entry that does not lie in the index is refused.

import type { BlockBuilder } from './block-builder.js';
import { readFixed32 } from './checksum.js';
import { corrupt, SstError, type TableLocation } from './errors.js';
import { BLOCK_TRAILER_BYTES, type BlockHandle, MAX_BLOCK_BYTES } from './format.js';
import { compareInternalRanges, TRAILER_BYTES } from './internal-key.js';
import { VarintReader } from './varint.js';

/** Of more blocks than this, no memory is kept for the next check: some 30 times as many as a table of 2 MiB has. */
const MAX_KEPT_OFFSETS = 64 * 1024;

/** Where the blocks lie of the index that was checked last. */
let checkedOffsets = new Float64Array(0);

/** The index block. */
export class TableIndex {
  /** The index block itself: LevelDB shares no key bytes in it, so keys are views of it. */
  readonly #contents: Uint8Array;
  readonly #view: DataView;
  readonly #restartsStart: number;
  readonly #sharedBytes: number;
  readonly #at: TableLocation;
  readonly #handle = new HandleReader();
  readonly blockCount: number;
  /** The entry that was located last, -1 if none was; then what it says. */
  #located = -1;
  #keyStart = 0;
  #keyEnd = 0;
  #entryEnd = 0;

  /**
   * @param contents the index block, decoded
   * @param indexOffset where it lies, for messages
   * @param sharedBytes size of the table in front, 0 if there is none
   */
  constructor(contents: Uint8Array, path: string, indexOffset: number, sharedBytes = 0) {
    const at = { path, offset: indexOffset };
    const count = contents.length < 4 ? 0 : readFixed32(contents, contents.length - 4);
    if (count === 0) throw corrupt('the table has no data block', at);
    if (count > (contents.length - 4) / 4) {
      throw corrupt(`a block of ${contents.length} bytes cannot have ${count} restart points`, at);
    }
    this.#contents = contents;
    this.#view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
    this.#restartsStart = contents.length - 4 - 4 * count;
    this.#sharedBytes = sharedBytes;
    this.#at = at;
    this.blockCount = count;
  }

  /**
   * Checks all of it in one pass, without an object for each entry: tables are opened by the dozen in a commit, and
   * their indexes have thousands of entries.
   *
   * @param dataEnd where the data blocks end at the latest
   * @returns where each data block lies: valid until the next index is checked
   */
  check(dataEnd: number): Float64Array {
    const count = this.blockCount;
    const contents = this.#contents;
    const view = this.#view;
    const entriesEnd = this.#restartsStart;
    const sharedBytes = this.#sharedBytes;
    const handle = this.#handle;
    const offsets = checkedOffsets.length < count ? new Float64Array(count) : checkedOffsets;
    if (count <= MAX_KEPT_OFFSETS) checkedOffsets = offsets;
    let position = 0;
    let endBehind = sharedBytes;
    let keyBefore = 0;
    let keyBeforeEnd = 0;
    for (let entry = 0; entry < count; entry += 1) {
      // LevelDB makes each index entry a restart point, so that no key shares bytes: without this
      // check, a small index could claim keys of any total length.
      if (view.getUint32(entriesEnd + 4 * entry, true) !== position) {
        throw notARestartPoint(entry, this.#at);
      }
      let keyStart = position + 3;
      let keyEnd = keyStart + (contents[position + 1] as number);
      let entryEnd = keyEnd + USUAL_HANDLE_BYTES;
      let offset: number;
      let size: number;
      const isUsual =
        contents[position] === 0 &&
        contents[position + 2] === USUAL_HANDLE_BYTES &&
        keyEnd - keyStart >= TRAILER_BYTES &&
        keyEnd - keyStart < 0x80 &&
        entryEnd <= entriesEnd &&
        isUsualHandle(contents, keyEnd);
      if (isUsual) {
        offset = usualOffset(contents, keyEnd);
        size = usualSize(contents, keyEnd);
      } else {
        this.#locate(entry);
        ({ offset, size } = handle);
        keyStart = this.#keyStart;
        keyEnd = this.#keyEnd;
        entryEnd = this.#entryEnd;
      }
      const isInFront = offset < sharedBytes;
      const end = offset + size + BLOCK_TRAILER_BYTES;
      if (isInFront ? end > sharedBytes : offset < endBehind || end > dataEnd) {
        throw overlapping(entry, offset, size, this.#at);
      }
      if (size > MAX_BLOCK_BYTES) {
        const problem = `a block of ${size} bytes is larger than ${MAX_BLOCK_BYTES}`;
        throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, { path: this.#at.path, offset });
      }
      if (!isInFront) endBehind = end;
      offsets[entry] = offset;
      if (entry > 0 && !isOrdered(view, contents, keyBefore, keyBeforeEnd, keyStart, keyEnd)) {
        throw corrupt(`the key of index entry ${entry} is not behind the one before it`, this.#at);
      }
      keyBefore = keyStart;
      keyBeforeEnd = keyEnd;
      position = entryEnd;
    }
    if (position !== entriesEnd) throw notARestartPoint(count, this.#at);
    if (sharedBytes > 0) this.#checkInFront(sharedBytes);
    return offsets;
  }

  /** Where data block `block` lies in the file. */
  offsetOf(block: number): number {
    this.#locate(block);
    return this.#handle.offset;
  }

  /** Size of the contents of data block `block`, as stored. */
  sizeOf(block: number): number {
    this.#locate(block);
    return this.#handle.size;
  }

  handleOf(block: number): BlockHandle {
    return { offset: this.offsetOf(block), size: this.sizeOf(block) };
  }

  /** What the blocks from `from` up to `to` take in the file. */
  storedBytes(from: number, to: number): number {
    if (from >= to) return 0;
    if (this.#sharedBytes === 0) {
      // One behind the other; a part has padding between some, which is counted.
      const last = this.offsetOf(to - 1) + this.sizeOf(to - 1) + BLOCK_TRAILER_BYTES;
      return last - this.offsetOf(from);
    }
    let bytes = 0;
    for (let block = from; block < to; block += 1) {
      bytes += this.sizeOf(block) + BLOCK_TRAILER_BYTES;
    }
    return bytes;
  }

  /** The index key of data block `block`: a view. */
  keyOf(block: number): Uint8Array {
    this.#locate(block);
    return this.#contents.subarray(this.#keyStart, this.#keyEnd);
  }

  /** Adds the entries of the blocks from `from` up to `to` to another index. */
  copyTo(builder: BlockBuilder, from: number, to: number): void {
    const start = this.#restartOf(from);
    const last = this.#restartOf(to - 1);
    const end = to === this.blockCount ? this.#restartsStart : this.#restartOf(to);
    this.#locate(to - 1);
    // Unchecked, they might lie anywhere.
    if (start > last || this.#entryEnd !== end) throw notARestartPoint(to - 1, this.#at);
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
      this.#locate(middle);
      const start = this.#keyStart;
      const end = this.#keyEnd;
      if (compareInternalRanges(this.#contents, start, end, target, 0, targetLength) < 0) {
        left = middle + 1;
      } else {
        right = middle;
      }
    }
    return left;
  }

  #restartOf(entry: number): number {
    return this.#view.getUint32(this.#restartsStart + 4 * entry, true);
  }

  /** Reads an entry; checks that it lies in the index, and has the parts that it must. */
  #locate(entry: number): void {
    if (entry === this.#located) return;
    const contents = this.#contents;
    const entriesEnd = this.#restartsStart;
    const position = this.#restartOf(entry);
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
    const entryEnd = keyEnd + valueLength;
    if (valueLength < 0 || entryEnd > entriesEnd) {
      throw corrupt(`entry ${entry} of the index is cut off or out of range`, this.#at);
    }
    if (shared !== 0) throw notARestartPoint(entry, this.#at);
    if (keyLength < TRAILER_BYTES) {
      const problem = `the key of index entry ${entry} is too short for an internal key`;
      throw corrupt(problem, this.#at);
    }
    // Until it is read whole.
    this.#located = -1;
    if (!this.#handle.read(contents, keyEnd, entryEnd)) {
      throw corrupt('a block handle is cut off or out of range', this.#at);
    }
    // iq80 leaves room for the longest handle behind each: LevelDB does not look at it.
    this.#keyStart = keyStart;
    this.#keyEnd = keyEnd;
    this.#entryEnd = entryEnd;
    this.#located = entry;
  }

  /** No two blocks may share bytes: a small file could else claim any amount of data. */
  #checkInFront(sharedBytes: number): void {
    const all = Array.from({ length: this.blockCount }, (_, block) => ({
      block,
      ...this.handleOf(block),
    }));
    const inFront = all.filter(({ offset }) => offset < sharedBytes);
    let end = 0;
    for (const { block, offset, size } of inFront.sort((a, b) => a.offset - b.offset)) {
      if (offset < end) throw overlapping(block, offset, size, this.#at);
      end = offset + size + BLOCK_TRAILER_BYTES;
    }
  }
}

/** Varints of three bytes and of two: all handles but those of the first blocks of a table of up to 2 MiB. */
const USUAL_HANDLE_BYTES = 5;

function isUsualHandle(bytes: Uint8Array, at: number): boolean {
  const continued = (bytes[at] as number) & (bytes[at + 1] as number) & (bytes[at + 3] as number);
  return continued >= 0x80 && ((bytes[at + 2] as number) | (bytes[at + 4] as number)) < 0x80;
}

function usualOffset(bytes: Uint8Array, at: number): number {
  const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
  return (first & 0x7f) | ((second & 0x7f) << 7) | ((bytes[at + 2] as number) << 14);
}

function usualSize(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 3] as number) & 0x7f) | ((bytes[at + 4] as number) << 7);
}

/** Reads block handles without an object for each. */
class HandleReader {
  offset = 0;
  size = 0;
  readonly #varints = new VarintReader();

  /** False if the handle at `position` is cut off by `limit`, too long or too large. */
  read(bytes: Uint8Array, position: number, limit: number): boolean {
    if (position + USUAL_HANDLE_BYTES === limit && isUsualHandle(bytes, position)) {
      this.offset = usualOffset(bytes, position);
      this.size = usualSize(bytes, position);
      return true;
    }
    const varints = this.#varints;
    varints.position = position;
    this.offset = varints.read64(bytes, limit);
    if (this.offset < 0) return false;
    this.size = varints.read64(bytes, limit);
    return this.size >= 0;
  }
}

/**
 * Whether the internal key `bytes[aStart, aEnd)` comes before `bytes[bStart, bEnd)`. Neighbours in an index
 * share most of their bytes, so these are compared sixteen at a time, then four: half the time of a commit's
 * opening of tables was this.
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
    `entry ${entry} of the index is not a restart point, though others are: no known writer does that`,
    at,
  );
}
