// Writes the parts of a table file in order (layout: table-format.ts), through a buffer.
//
// Invariants:
// - `offset` is the position of the next byte in the file;
// - the buffer holds a whole block when its checksum is computed;
// - index keys are internal keys that strictly ascend.

import { assert } from '../assert.js';
import { BlockBuilder } from '../block/block-builder.js';
import { maskedChecksum, writeFixed32 } from '../encoding/checksum.js';
import { loadSnappy } from '../encoding/native-codecs.js';
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
} from '../encoding/table-format.js';
import { writeVarint } from '../encoding/varint.js';
import { fileOperation } from '../errors.js';
import type { FileHandle } from '../files/file-system.js';
import { type EntryTotals, encodeProperties } from './properties-block.js';
import type { TableIndex } from './table-index.js';
import { encodeSeal, type TableSeal } from './table-seal.js';

/** The size of the buffer, and about the size of each write. */
const WRITE_BUFFER_BYTES = 1024 * 1024;
/** As in LevelDB, every entry of an index is a restart point, and shares no key bytes. */
const INDEX_RESTART_INTERVAL = 1;

// Reused from table to table, as allocating it would cost more than writing a small table.
let spareBuffer: Uint8Array | undefined;

/** The parts of a table other than data blocks and index. */
export interface TableEnd {
  readonly filter?: Uint8Array | undefined;
  /** The totals for the properties block, if there is one. */
  readonly totals?: EntryTotals | undefined;
  /** The bounds for the seal, if there is one. Only tables whose every entry was checked may be sealed. */
  readonly bounds?: Pick<TableSeal, 'smallest' | 'largest'> | undefined;
}

/** Writes one table from finished blocks. */
export class TableWriter {
  readonly #file: FileHandle;
  readonly #compression: 'snappy' | 'none';
  readonly #path: string | undefined;
  readonly #index = new BlockBuilder(INDEX_RESTART_INTERVAL);
  readonly #handle = new Uint8Array(MAX_HANDLE_BYTES);
  #buffer: Uint8Array;
  #used = 0;
  #flushedBytes: number;
  /** Whether a write failed. The file can hold a part of it, so nothing may follow. */
  #hasFailed = false;
  #dataBlocks = 0;
  /** The offset and size of the last block. */
  blockOffset = 0;
  blockSize = 0;

  /** @param startOffset the size of the file */
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

  /** The position of the next byte in the file. */
  get offset(): number {
    return this.#flushedBytes + this.#used;
  }

  /** Writes a block, compressed if that saves at least an eighth (as in LevelDB's WriteBlock). */
  writeBlock(contents: Uint8Array): void {
    const compressed = this.#compress(contents);
    if (compressed === undefined) this.writeRawBlock(contents, BLOCK_TYPE_RAW);
    else this.writeRawBlock(compressed, BLOCK_TYPE_SNAPPY);
  }

  /** Compresses a block. Returns undefined if it should stay raw. */
  #compress(contents: Uint8Array): Uint8Array | undefined {
    if (this.#compression === 'none') return undefined;
    // For 4 KiB, copied output is twice as fast as output in external memory.
    const compressed = loadSnappy().compressSync(contents, { copyOutputData: true });
    return compressed.length < contents.length - (contents.length >>> 3) ? compressed : undefined;
  }

  /** Writes a block's stored contents, type and checksum. Returns the checksum. */
  writeRawBlock(contents: Uint8Array, type: number): number {
    const start = this.#reserve(contents.length + BLOCK_TRAILER_BYTES);
    const checksum = storeBlock(this.#buffer, start, contents, type);
    this.#noteBlock(start, contents.length);
    return checksum;
  }

  /** Writes a stored block, which includes its type and checksum. */
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

  /** Adds the index entries of data blocks `from` to `to` (exclusive) of another index of this file. */
  addIndexEntries(source: TableIndex, from: number, to: number): void {
    source.copyTo(this.#index, from, to);
  }

  /** Writes filter, properties, metaindex, index and footer. Returns the table's size in bytes. */
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
    // The index is encoded before the metaindex, which precedes it in the file and whose seal holds its checksum.
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
   * Writes metaindex, index and footer of a virtual table. Returns its size in bytes.
   *
   * @param filterHandle the filter in the file's earlier contents
   * @param sharedBytes the size of the earlier contents
   */
  finishShared(filterHandle: BlockHandle | undefined, sharedBytes: number): number {
    const metaindex = new BlockBuilder(1);
    if (filterHandle !== undefined) this.#addHandleEntry(metaindex, FILTER_KEY, filterHandle);
    const valueLength = writeVarint(this.#handle, 0, sharedBytes);
    const key = new TextEncoder().encode(SHARED_PART_KEY);
    metaindex.append(key, key.length, 0, this.#handle, 0, valueLength);
    const metaindexHandle = this.#writeMetaindex(metaindex);
    // Compressed: the index is most of what is written, and a commit waits for its fsync. A third of the bytes takes
    // less time even with the compression.
    this.writeBlock(this.#index.finish());
    return this.#finish(metaindexHandle);
  }

  /** Adds a metaindex entry for the last block. */
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

  /** Writes the footer. The last block is the index. */
  #finish(metaindex: BlockHandle): number {
    const index = { offset: this.blockOffset, size: this.blockSize };
    const footer = encodeFooter({ metaindex, index });
    this.#buffer.set(footer, this.#reserve(footer.length));
    this.#flush();
    const sizeBytes = this.offset;
    this.release();
    return sizeBytes;
  }

  /** Releases the buffer. The writer cannot be used afterwards. */
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

  /** Reserves `count` contiguous bytes and returns their position in the buffer. */
  #reserve(count: number): number {
    assert(!this.#hasFailed, 'a write of this table failed');
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
    this.#hasFailed = true;
    fileOperation('write a table', { path: this.#path, offset: this.#flushedBytes }, () => {
      this.#file.write(this.#buffer.subarray(0, this.#used));
    });
    this.#hasFailed = false;
    this.#flushedBytes += this.#used;
    this.#used = 0;
  }
}

/** Stores a block's contents, type and checksum in `target` at `start`. Returns the checksum. */
function storeBlock(target: Uint8Array, start: number, contents: Uint8Array, type: number): number {
  const typeAt = start + contents.length;
  target.set(contents, start);
  target[typeAt] = type;
  const checksum = maskedChecksum(target.subarray(start, typeAt + 1));
  writeFixed32(target, typeAt + 1, checksum);
  return checksum;
}
