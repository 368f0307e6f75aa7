// The index of a table. For each data block it has a key, which is at or after all keys of the block and before all keys
// of the next block, and the block's handle. Entries are decoded when they are needed.
//
// Invariants, after `check`:
// - keys strictly ascend;
// - blocks do not overlap, and are in order, except for the shared blocks of a virtual table: the earlier contents may
//   hold a virtual table themselves.
// Even without `check`, an entry that reaches outside the index is refused.

import type { BlockBuilder } from '../block/block-builder.js';
import { readFixed32 } from '../encoding/checksum.js';
import { compareInternalRanges, TRAILER_BYTES } from '../encoding/internal-key.js';
import {
  BLOCK_TRAILER_BYTES,
  type BlockHandle,
  MAX_BLOCK_BYTES,
} from '../encoding/table-format.js';
import { VarintReader } from '../encoding/varint.js';
import { corrupt, SstError, type TableLocation } from '../errors.js';

/** The limit of the memory that is kept for the next check: about 30 times the blocks of a table of 2 MiB. */
const MAX_KEPT_OFFSETS = 64 * 1024;

/** The offsets of the blocks of the last index that was checked. */
let checkedOffsets = new Float64Array(0);

/** The index of an open table. */
export class TableIndex {
  /** The decoded index block. Its entries share no key bytes, so keys are views of it. */
  readonly #contents: Uint8Array;
  readonly #view: DataView;
  readonly #restartsStart: number;
  readonly #sharedBytes: number;
  readonly #at: TableLocation;
  readonly #handle = new HandleReader();
  readonly blockCount: number;
  /** The last entry that was located, or -1, and its positions. */
  #located = -1;
  #keyStart = 0;
  #keyEnd = 0;
  #entryEnd = 0;

  /**
   * @param contents the decoded index block, of which every entry is a restart point
   * @param indexOffset the block's offset in the file, for messages
   * @param sharedBytes for a virtual table, the size of the file's earlier contents
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
   * Checks the whole index in one pass, without an object for each entry: a commit opens dozens of tables, whose indexes
   * have thousands of entries.
   *
   * @param dataEnd the offset before which all data blocks must end
   * @returns the offsets of the data blocks, valid until the next index is checked
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
    let endBefore = sharedBytes;
    let keyBefore = 0;
    let keyBeforeEnd = 0;
    for (let entry = 0; entry < count; entry += 1) {
      // Every entry must be a restart point, and so share no key bytes. Otherwise a small index could claim keys of any
      // total length.
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
      const isShared = offset < sharedBytes;
      const end = offset + size + BLOCK_TRAILER_BYTES;
      if (isShared ? end > sharedBytes : offset < endBefore || end > dataEnd) {
        throw overlapping(entry, offset, size, this.#at);
      }
      if (size > MAX_BLOCK_BYTES) {
        const problem = `a block of ${size} bytes is larger than ${MAX_BLOCK_BYTES}`;
        throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, { path: this.#at.path, offset });
      }
      if (!isShared) endBefore = end;
      offsets[entry] = offset;
      if (entry > 0 && !isOrdered(view, contents, keyBefore, keyBeforeEnd, keyStart, keyEnd)) {
        throw corrupt(`the key of index entry ${entry} is not above the previous one`, this.#at);
      }
      keyBefore = keyStart;
      keyBeforeEnd = keyEnd;
      position = entryEnd;
    }
    if (position !== entriesEnd) throw notARestartPoint(count, this.#at);
    if (sharedBytes > 0) this.#checkSharedBlocks(sharedBytes);
    return offsets;
  }

  /** Returns the offset of a data block in the file. */
  offsetOf(block: number): number {
    this.#locate(block);
    return this.#handle.offset;
  }

  /** Returns the size of a data block's stored contents. */
  sizeOf(block: number): number {
    this.#locate(block);
    return this.#handle.size;
  }

  handleOf(block: number): BlockHandle {
    return { offset: this.offsetOf(block), size: this.sizeOf(block) };
  }

  /** Returns the bytes that blocks `from` to `to` (exclusive) take in the file. */
  storedBytes(from: number, to: number): number {
    if (from >= to) return 0;
    if (this.#sharedBytes === 0) {
      // The blocks are consecutive. Padding between the blocks of a part is counted too.
      const last = this.offsetOf(to - 1) + this.sizeOf(to - 1) + BLOCK_TRAILER_BYTES;
      return last - this.offsetOf(from);
    }
    let bytes = 0;
    for (let block = from; block < to; block += 1) {
      bytes += this.sizeOf(block) + BLOCK_TRAILER_BYTES;
    }
    return bytes;
  }

  /** Returns the index key of a data block, a view of the index. */
  keyOf(block: number): Uint8Array {
    this.#locate(block);
    return this.#contents.subarray(this.#keyStart, this.#keyEnd);
  }

  /** Adds the entries of blocks `from` to `to` (exclusive) to another index. */
  copyTo(builder: BlockBuilder, from: number, to: number): void {
    const start = this.#restartOf(from);
    const last = this.#restartOf(to - 1);
    const end = to === this.blockCount ? this.#restartsStart : this.#restartOf(to);
    this.#locate(to - 1);
    // Without `check`, the entries might lie anywhere.
    if (start > last || this.#entryEnd !== end) throw notARestartPoint(to - 1, this.#at);
    const first = this.keyOf(from);
    builder.sharedWithLast(first, first.length);
    builder.appendStored(this.#contents, this.#restartsStart, from, to, this.keyOf(to - 1));
  }

  /**
   * Returns the first block whose index key is at or after `target[0, targetLength)`, or `blockCount` if there is none.
   * The first entry at or after the target lies in that block, or is the first entry of the next block.
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

  /** Decodes an entry, and checks that it lies inside the index and has a valid key and handle. */
  #locate(entry: number): void {
    if (entry === this.#located) return;
    const contents = this.#contents;
    const entriesEnd = this.#restartsStart;
    const position = this.#restartOf(entry);
    let shared = 0;
    let keyStart = position + 3;
    let keyLength = keyStart <= entriesEnd ? (contents[position + 1] as number) : 0x80;
    let valueLength = contents[position + 2] as number;
    // The three lengths almost always have one byte each.
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
      throw corrupt(`entry ${entry} of the index is truncated or out of range`, this.#at);
    }
    if (shared !== 0) throw notARestartPoint(entry, this.#at);
    if (keyLength < TRAILER_BYTES) {
      const problem = `the key of index entry ${entry} is too short for an internal key`;
      throw corrupt(problem, this.#at);
    }
    // The entry counts as located only after its handle was read.
    this.#located = -1;
    if (!this.#handle.read(contents, keyEnd, entryEnd)) {
      throw corrupt('a block handle is truncated or out of range', this.#at);
    }
    // Bytes after the handle are ignored, as in LevelDB: iq80 reserves room for the longest handle.
    this.#keyStart = keyStart;
    this.#keyEnd = keyEnd;
    this.#entryEnd = entryEnd;
    this.#located = entry;
  }

  /** Checks that no two shared blocks overlap. Otherwise a small file could claim any amount of data. */
  #checkSharedBlocks(sharedBytes: number): void {
    const all = Array.from({ length: this.blockCount }, (_, block) => ({
      block,
      ...this.handleOf(block),
    }));
    const shared = all.filter(({ offset }) => offset < sharedBytes);
    let end = 0;
    for (const { block, offset, size } of shared.sort((a, b) => a.offset - b.offset)) {
      if (offset < end) throw overlapping(block, offset, size, this.#at);
      end = offset + size + BLOCK_TRAILER_BYTES;
    }
  }
}

/**
 * The usual size of a handle: an offset of three bytes and a size of two. In a table of up to 2 MiB only the first
 * blocks have shorter handles.
 */
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

  /** Reads the handle at `position`. Returns false if it reaches beyond `limit`, is too long or too large. */
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
 * Whether the internal key `bytes[aStart, aEnd)` is before `bytes[bStart, bEnd)`. Adjacent keys of an index share most
 * of their bytes, so they are compared sixteen bytes at a time, then four. A bytewise comparison would take half the
 * time of opening tables.
 *
 * @param view a view of `bytes`
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
  // Little-endian, the usual byte order, as only equality matters here; with one branch for sixteen bytes.
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
    `entry ${entry} of the index is not a restart point, although others are, which no known writer does`,
    at,
  );
}
