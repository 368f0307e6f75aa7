// The format of the filter block (LevelDB's table/filter_block.cc). It has one filter for each window of 2 KiB of the
// file. The user keys of a data block are in the filter of the window in which the block starts.
//
//   filters       one after another; empty if no block starts in the window
//   offsets       uint32 little-endian each: the start of each filter
//   array start   uint32 little-endian: the start of the offsets, and the end of the last filter
//   log2          1 byte: 11, for windows of 2^11 bytes

import { grown } from '../compare-bytes.js';
import { readFixed32, writeFixed32 } from '../encoding/checksum.js';
import { corrupt, SstError, type TableLocation } from '../errors.js';
import {
  bloomFilterBytes,
  bloomHash,
  bloomMayMatch,
  MAX_PROBES,
  writeBloomFilter,
} from './bloom-filter.js';

const FILTER_WINDOW_LOG2 = 11;
export const FILTER_WINDOW_BYTES = 2 ** FILTER_WINDOW_LOG2;
/** A filter that matches every key: it has no bits and a reserved number of probes. */
const MATCHES_ALL = Uint8Array.of(0, MAX_PROBES + 1);
/** The size of array start and log2. */
export const FILTER_FOOTER_BYTES = 5;

/** Returns the window whose filter covers the data block at `blockOffset`. */
export function filterWindowOf(blockOffset: number): number {
  return Math.floor(blockOffset / FILTER_WINDOW_BYTES);
}

/** Builds a filter block from the filters of windows, in order. */
export class FilterBlockWriter {
  #bytes: Uint8Array = new Uint8Array(16 * 1024);
  #used = 0;
  #offsets: number[] = [];

  /** The number of windows that have a filter, which may be empty. */
  get windowCount(): number {
    return this.#offsets.length;
  }

  /** Adds empty filters up to `window`. */
  skipTo(window: number): void {
    while (this.#offsets.length < window) this.#offsets.push(this.#used);
  }

  /** Adds the filter of the next window. */
  appendFilter(filter: Uint8Array): void {
    const at = this.#reserve(filter.length);
    this.#bytes.set(filter, at);
  }

  /** Adds the filter of `hashes[0, keyCount)` for the next window. */
  appendBloom(hashes: Uint32Array, keyCount: number, bitsPerKey: number): void {
    const at = this.#reserve(bloomFilterBytes(keyCount, bitsPerKey));
    writeBloomFilter(this.#bytes, at, hashes, keyCount, bitsPerKey);
  }

  /** Returns the contents of the filter block. */
  finish(): Uint8Array {
    const contents = new Uint8Array(this.#used + 4 * this.#offsets.length + FILTER_FOOTER_BYTES);
    contents.set(this.#bytes.subarray(0, this.#used));
    let at = this.#used;
    for (const offset of this.#offsets) {
      writeFixed32(contents, at, offset);
      at += 4;
    }
    writeFixed32(contents, at, this.#used);
    contents[at + 4] = FILTER_WINDOW_LOG2;
    return contents;
  }

  #reserve(size: number): number {
    this.#offsets.push(this.#used);
    return this.#grow(size);
  }

  #grow(size: number): number {
    const start = this.#used;
    // The bytes after the used ones are zero, as writeBloomFilter requires: they were never used.
    if (start + size > this.#bytes.length) this.#bytes = grown(this.#bytes, start, start + size);
    this.#used = start + size;
    return start;
  }
}

/** Builds the filter block of a table from the table's keys. */
export class FilterBlockBuilder {
  readonly #bitsPerKey: number;
  readonly #writer = new FilterBlockWriter();
  #hashes = new Uint32Array(256);
  #count = 0;

  constructor(bitsPerKey: number) {
    this.#bitsPerKey = bitsPerKey;
  }

  /** Starts the data block at `blockOffset`, to which the next keys belong. */
  startBlock(blockOffset: number): void {
    const window = filterWindowOf(blockOffset);
    if (window > this.#writer.windowCount) {
      this.#endWindow();
      this.#writer.skipTo(window);
    }
  }

  /** Adds the user key `bytes[0, end)`. */
  addUserKey(bytes: Uint8Array, end: number): void {
    if (this.#count === this.#hashes.length) {
      const more = new Uint32Array(this.#count * 2);
      more.set(this.#hashes);
      this.#hashes = more;
    }
    this.#hashes[this.#count] = bloomHash(bytes, 0, end);
    this.#count += 1;
  }

  finish(): Uint8Array {
    this.#endWindow();
    return this.#writer.finish();
  }

  #endWindow(): void {
    if (this.#count === 0) return;
    this.#writer.appendBloom(this.#hashes, this.#count, this.#bitsPerKey);
    this.#count = 0;
  }
}

/** The layout of a filter block, which its end describes. */
export interface FilterFooter {
  readonly offsetsStart: number;
  readonly windowCount: number;
}

/**
 * Reads the end of a filter block.
 *
 * @param bytes the block, or its last bytes
 * @param size the size of the block
 * @throws SstError `SSTITCH_TABLE_CORRUPT`, `SSTITCH_TABLE_UNSUPPORTED`
 */
export function readFilterFooter(bytes: Uint8Array, size: number, at: TableLocation): FilterFooter {
  const arrayEnd = size - FILTER_FOOTER_BYTES;
  if (arrayEnd < 0 || bytes.length < FILTER_FOOTER_BYTES) {
    throw corrupt('the filter block is too short', at);
  }
  const log2 = bytes[bytes.length - 1];
  if (log2 !== FILTER_WINDOW_LOG2) {
    throw new SstError(
      'SSTITCH_TABLE_UNSUPPORTED',
      `the filter block has windows of 2^${log2} bytes; LevelDB 1.20 writes 2^${FILTER_WINDOW_LOG2}`,
      at,
    );
  }
  const offsetsStart = readFixed32(bytes, bytes.length - FILTER_FOOTER_BYTES);
  if (offsetsStart > arrayEnd || (arrayEnd - offsetsStart) % 4 !== 0) {
    throw corrupt('the offsets of the filter block lie outside it', at);
  }
  return { offsetsStart, windowCount: (arrayEnd - offsetsStart) / 4 };
}

/** Reads a filter block. The constructor checks its layout. */
export class FilterBlockReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #offsetsStart: number;
  /** The number of windows of 2 KiB of file offsets that have a filter, which may be empty. */
  readonly windowCount: number;

  constructor(bytes: Uint8Array, at: TableLocation) {
    const { offsetsStart, windowCount } = readFilterFooter(bytes, bytes.length, at);
    this.#bytes = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = view;
    this.#offsetsStart = offsetsStart;
    this.windowCount = windowCount;
    let previous = 0;
    for (let window = 0; window <= this.windowCount; window += 1) {
      const offset = view.getUint32(this.#offsetsStart + 4 * window, true);
      if (offset < previous || (window === 0 && offset !== 0)) {
        throw corrupt(`the filter of window ${window} starts before the previous one ends`, at);
      }
      previous = offset;
    }
  }

  /**
   * Returns the filter of a window, a view that is empty if no data block starts in the window. As in LevelDB, windows
   * after the last one have a filter that matches every key.
   */
  filterOf(window: number): Uint8Array {
    if (window >= this.windowCount) return MATCHES_ALL;
    return this.#bytes.subarray(this.#startOf(window), this.#startOf(window + 1));
  }

  /** Whether a window has a filter that can match a key. */
  hasFilter(window: number): boolean {
    return window < this.windowCount && this.#startOf(window + 1) - this.#startOf(window) >= 2;
  }

  /** Whether, as LevelDB decides it, the data block at `blockOffset` may hold the user key with this hash. */
  mayMatch(blockOffset: number, hash: number): boolean {
    const window = filterWindowOf(blockOffset);
    if (window >= this.windowCount) return true;
    return bloomMayMatch(this.#bytes, this.#startOf(window), this.#startOf(window + 1), hash);
  }

  #startOf(window: number): number {
    return this.#view.getUint32(this.#offsetsStart + 4 * window, true);
  }
}
