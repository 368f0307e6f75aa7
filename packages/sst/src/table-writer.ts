// Writes the parts of a table file in their order (layout: format.ts) through one buffer, so that the
// file sees few calls.
//
// Invariants: `offset` is where the next byte goes in the file; a block lies whole in the buffer when its
// checksum is taken; index keys are internal keys that strictly ascend.

import { BlockBuilder } from './block-builder.js';
import { maskedChecksum, writeFixed32 } from './checksum.js';
import { fileOperation } from './errors.js';
import type { FileHandle } from './file-system.js';
import {
  BLOCK_TRAILER_BYTES,
  BLOCK_TYPE_RAW,
  BLOCK_TYPE_SNAPPY,
  type BlockHandle,
  encodeFooter,
  FILTER_KEY,
  MAX_HANDLE_BYTES,
  PROPERTIES_KEY,
  SEALED_KEY,
  SHARED_PART_KEY,
  writeHandle,
} from './format.js';
import { compressSync } from './native-codecs.js';
import { type EntryTotals, encodeProperties } from './properties-block.js';
import type { TableIndex } from './table-index.js';
import { encodeSeal, type TableSeal } from './table-seal.js';
import { writeVarint } from './varint.js';

/** One call to `FileHandle.write` carries about this many bytes. */
const WRITE_BUFFER_BYTES = 1024 * 1024;
/** LevelDB never shares key bytes in an index: each entry is a restart point. */
const INDEX_RESTART_INTERVAL = 1;

// A buffer for each table would cost more than the table where many small ones are made one by one.
let spareBuffer: Uint8Array | undefined;

/** What a table has besides data blocks and index. */
export interface TableEnd {
  readonly filter?: Uint8Array | undefined;
  /** For the properties block. */
  readonly totals?: EntryTotals | undefined;
  /** For a seal: only of a table whose every entry was seen. */
  readonly bounds?: Pick<TableSeal, 'smallest' | 'largest'> | undefined;
}

/** Makes one table file out of ready-made blocks. */
export class TableWriter {
  readonly #file: FileHandle;
  readonly #compression: 'snappy' | 'none';
  readonly #path: string | undefined;
  readonly #index = new BlockBuilder(INDEX_RESTART_INTERVAL);
  readonly #handle = new Uint8Array(MAX_HANDLE_BYTES);
  #buffer: Uint8Array;
  #used = 0;
  #flushedBytes: number;
  #dataBlocks = 0;
  /** Handle of the block written last. */
  blockOffset = 0;
  blockSize = 0;

  /** @param startOffset how many bytes the file has already */
  constructor(
    file: FileHandle,
    compression: 'snappy' | 'none',
    path: string | undefined,
    startOffset = 0,
  ) {
    this.#file = file;
    this.#flushedBytes = startOffset;
    this.#compression = compression;
    this.#path = path;
    this.#buffer = spareBuffer ?? new Uint8Array(WRITE_BUFFER_BYTES);
    spareBuffer = undefined;
  }

  get offset(): number {
    return this.#flushedBytes + this.#used;
  }

  /** Writes a block, compressed where that saves at least an eighth (as LevelDB's WriteBlock). */
  writeBlock(contents: Uint8Array): void {
    const compressed = this.#compress(contents);
    if (compressed === undefined) this.writeRawBlock(contents, BLOCK_TYPE_RAW);
    else this.writeRawBlock(compressed, BLOCK_TYPE_SNAPPY);
  }

  /** Undefined where a block is better kept as it is. */
  #compress(contents: Uint8Array): Uint8Array | undefined {
    if (this.#compression === 'none') return undefined;
    // Copied output is twice as fast for 4 KiB as output with memory of its own.
    const compressed = compressSync(contents, { copyOutputData: true });
    return compressed.length < contents.length - (contents.length >>> 3) ? compressed : undefined;
  }

  /** Writes a block's contents as they are, then its type and checksum, which it gives. */
  writeRawBlock(contents: Uint8Array, type: number): number {
    const start = this.#reserve(contents.length + BLOCK_TRAILER_BYTES);
    const checksum = storeBlock(this.#buffer, start, contents, type);
    this.#noteBlock(start, contents.length);
    return checksum;
  }

  /** Writes a block that another table stored, type and checksum included. */
  copyStoredBlock(stored: Uint8Array): void {
    const start = this.#reserve(stored.length);
    this.#buffer.set(stored, start);
    this.#noteBlock(start, stored.length - BLOCK_TRAILER_BYTES);
  }

  /** Writes zeros up to `offset`. */
  padTo(offset: number): void {
    const count = offset - this.offset;
    const start = this.#reserve(count);
    this.#buffer.fill(0, start, start + count);
  }

  /** Adds the index entry of a data block. */
  addIndexEntry(key: Uint8Array, keyLength: number, offset: number, size: number): void {
    const shared = this.#index.sharedWithLast(key, keyLength);
    const handleLength = writeHandle(this.#handle, 0, offset, size);
    this.#index.append(key, keyLength, shared, this.#handle, 0, handleLength);
    this.#dataBlocks += 1;
  }

  /** Adds the index entries of data blocks that another index, of this file, has. */
  addIndexEntries(source: TableIndex, from: number, to: number): void {
    source.copyTo(this.#index, from, to);
  }

  /** Writes filter, properties, metaindex, index and footer, and gives the table's size in bytes. */
  finish({ filter, totals, bounds }: TableEnd): number {
    const metaindex = new BlockBuilder(1);
    const dataBytes = this.offset;
    let filterChecksum = 0;
    if (filter !== undefined) {
      filterChecksum = this.writeRawBlock(filter, BLOCK_TYPE_RAW);
      this.#addBlockEntry(metaindex, FILTER_KEY);
    }
    const raw = this.#index.finish();
    if (totals !== undefined) {
      const properties = encodeProperties(totals, {
        dataBlocks: this.#dataBlocks,
        dataBytes,
        indexBytes: raw.length,
        filterBytes: filter?.length ?? 0,
      });
      this.writeRawBlock(properties, BLOCK_TYPE_RAW);
      this.#addBlockEntry(metaindex, PROPERTIES_KEY);
    }
    const compressed = this.#compress(raw);
    // The metaindex lies in front, and its seal has the checksum of the index.
    const index = new Uint8Array((compressed ?? raw).length + BLOCK_TRAILER_BYTES);
    const type = compressed === undefined ? BLOCK_TYPE_RAW : BLOCK_TYPE_SNAPPY;
    const indexChecksum = storeBlock(index, 0, compressed ?? raw, type);
    if (bounds !== undefined) {
      const seal = encodeSeal({ indexChecksum, filterChecksum, ...bounds });
      const key = new TextEncoder().encode(SEALED_KEY);
      metaindex.append(key, key.length, 0, seal, 0, seal.length);
    }
    const metaindexHandle = this.#writeMetaindex(metaindex);
    this.copyStoredBlock(index);
    return this.#finish(metaindexHandle);
  }

  /**
   * Writes what ends a virtual table, and gives its size in bytes.
   *
   * @param filterHandle the filter, which lies in the table in front
   * @param sharedBytes size of that table
   */
  finishShared(filterHandle: BlockHandle | undefined, sharedBytes: number): number {
    const metaindex = new BlockBuilder(1);
    if (filterHandle !== undefined) this.#addHandleEntry(metaindex, FILTER_KEY, filterHandle);
    const valueLength = writeVarint(this.#handle, 0, sharedBytes);
    const key = new TextEncoder().encode(SHARED_PART_KEY);
    metaindex.append(key, key.length, 0, this.#handle, 0, valueLength);
    const metaindexHandle = this.#writeMetaindex(metaindex);
    // The index is most of what is written, and synced with a commit waiting: a third of it takes less time, though
    // it is compressed first.
    this.writeBlock(this.#index.finish());
    return this.#finish(metaindexHandle);
  }

  /** Names the block that was written last. */
  #addBlockEntry(metaindex: BlockBuilder, name: string): void {
    this.#addHandleEntry(metaindex, name, { offset: this.blockOffset, size: this.blockSize });
  }

  #addHandleEntry(metaindex: BlockBuilder, name: string, { offset, size }: BlockHandle): void {
    const key = new TextEncoder().encode(name);
    const handleLength = writeHandle(this.#handle, 0, offset, size);
    metaindex.append(key, key.length, 0, this.#handle, 0, handleLength);
  }

  #writeMetaindex(metaindex: BlockBuilder): BlockHandle {
    this.writeBlock(metaindex.finish());
    return { offset: this.blockOffset, size: this.blockSize };
  }

  /** Writes the footer, behind the index. */
  #finish(metaindex: BlockHandle): number {
    const index = { offset: this.blockOffset, size: this.blockSize };
    const footer = encodeFooter({ metaindex, index });
    this.#buffer.set(footer, this.#reserve(footer.length));
    this.#flush();
    const sizeBytes = this.offset;
    this.release();
    return sizeBytes;
  }

  /** Gives the buffer back; the writer is of no use any more. */
  release(): void {
    if (this.#buffer.length === WRITE_BUFFER_BYTES) spareBuffer = this.#buffer;
    this.#buffer = new Uint8Array(0);
    this.#flushedBytes += this.#used;
    this.#used = 0;
  }

  #noteBlock(start: number, size: number): void {
    this.blockOffset = this.#flushedBytes + start;
    this.blockSize = size;
  }

  /** Makes room for `count` bytes in one piece and returns where they start in the buffer. */
  #reserve(count: number): number {
    if (this.#used + count > this.#buffer.length) {
      this.#flush();
      if (count > this.#buffer.length) this.#buffer = new Uint8Array(count);
    }
    const start = this.#used;
    this.#used += count;
    return start;
  }

  #flush(): void {
    if (this.#used === 0) return;
    fileOperation('write a table', { path: this.#path, offset: this.#flushedBytes }, () => {
      this.#file.write(this.#buffer.subarray(0, this.#used));
    });
    this.#flushedBytes += this.#used;
    this.#used = 0;
  }
}

/** Puts a block's contents, type and checksum into `target`, from `start` on; gives the checksum. */
function storeBlock(target: Uint8Array, start: number, contents: Uint8Array, type: number): number {
  const typeAt = start + contents.length;
  target.set(contents, start);
  target[typeAt] = type;
  const checksum = maskedChecksum(target.subarray(start, typeAt + 1));
  writeFixed32(target, typeAt + 1, checksum);
  return checksum;
}
