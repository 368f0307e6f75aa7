// Reads and decodes stored blocks. The format of a stored block:
//
//   contents   raw, or compressed by snappy
//   type       1 byte: 0 raw, 1 snappy
//   checksum   uint32 little-endian: masked CRC-32C of contents and type
//
// Invariants:
// - no read reaches outside the file;
// - a length that the file claims is checked to be possible before memory is allocated for it;
// - one window of the file, of bounded size, is kept in memory.

import { maskedChecksum, RunningChecksum, readFixed32 } from '../encoding/checksum.js';
import { loadSnappy } from '../encoding/native-codecs.js';
import {
  BLOCK_TRAILER_BYTES,
  BLOCK_TYPE_RAW,
  BLOCK_TYPE_SNAPPY,
  describeForeignType,
  FOOTER_BYTES,
  MAX_BLOCK_BYTES,
} from '../encoding/table-format.js';
import { VarintReader } from '../encoding/varint.js';
import { corrupt, fileOperation, SstError } from '../errors.js';
import type { FileHandle } from '../files/file-system.js';

/** The size of the checksum in a block's trailer. */
const CHECKSUM_BYTES = BLOCK_TRAILER_BYTES - 1;
/** The size of a read when blocks are read sequentially. */
const READ_AHEAD_BYTES = 128 * 1024;
/** The size limit of a window that is kept for the next table. Opening a table of 2 MiB reads less. */
const MAX_SPARE_WINDOW_BYTES = 512 * 1024;
/**
 * The limit of snappy's compression, whose best element encodes 64 bytes in 3. A block that claims more is refused
 * before memory is allocated for it.
 */
const MAX_SNAPPY_GROWTH = 22;

/**
 * The window for the next table. A commit opens dozens of tables, and collecting a window of each would take longer than
 * reading.
 */
let spareWindow = new Uint8Array(0);

/** A file of blocks. */
export interface BlockFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly sizeBytes: number;
  readonly verifyChecksums: boolean;
}

/** Reads the blocks of one file. */
export class StoredBlockReader {
  readonly #file: BlockFile;
  readonly #varints = new VarintReader();
  #window = new Uint8Array(0);
  #windowStart = 0;
  #windowBytes = 0;
  #lastEnd = -1;

  constructor(file: BlockFile) {
    this.#file = file;
  }

  /** Makes a reader that uses the spare window until the caller calls `releaseWindow`. */
  static withSpareWindow(file: BlockFile): StoredBlockReader {
    const reader = new StoredBlockReader(file);
    reader.#window = spareWindow;
    spareWindow = new Uint8Array(0);
    return reader;
  }

  /** Releases the window to the next reader. Views of it must not be used afterwards. */
  releaseWindow(): void {
    if (this.#window.length <= MAX_SPARE_WINDOW_BYTES) spareWindow = this.#window;
    this.#window = new Uint8Array(0);
    this.#windowBytes = 0;
  }

  /** Reads a block with its type and checksum. Returns a view that is valid until the next read. */
  readStored(offset: number, size: number): Uint8Array {
    this.#checkPlace(offset, size);
    const stored = this.readBytes(offset, size + BLOCK_TRAILER_BYTES);
    if (this.#file.verifyChecksums) {
      const expected = readFixed32(stored, size + 1);
      if (maskedChecksum(stored.subarray(0, size + 1)) !== expected) throw this.#mismatch(offset);
    }
    return stored;
  }

  /**
   * Checks a block's checksum and returns it. The block is read in chunks: the filter of a large table has a megabyte,
   * and allocating memory for it would take as long as reading it.
   */
  readChecksum(offset: number, size: number): number {
    this.#checkPlace(offset, size);
    const end = offset + size + BLOCK_TRAILER_BYTES;
    const checksum = new RunningChecksum();
    for (let at = offset; ; ) {
      // The last chunk is large enough to hold the entire checksum.
      const isLast = end - at < READ_AHEAD_BYTES + BLOCK_TRAILER_BYTES;
      const chunk = this.readBytes(at, isLast ? end - at : READ_AHEAD_BYTES);
      at += chunk.length;
      if (!isLast) {
        checksum.add(chunk);
        continue;
      }
      checksum.add(chunk.subarray(0, chunk.length - CHECKSUM_BYTES));
      const expected = readFixed32(chunk, chunk.length - CHECKSUM_BYTES);
      if (checksum.masked !== expected) throw this.#mismatch(offset);
      return expected;
    }
  }

  #checkPlace(offset: number, size: number): void {
    if (size > MAX_BLOCK_BYTES) {
      const problem = `a block of ${size} bytes is larger than ${MAX_BLOCK_BYTES}`;
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, this.#at(offset));
    }
    if (offset + size + BLOCK_TRAILER_BYTES > this.#file.sizeBytes - FOOTER_BYTES) {
      throw corrupt(
        `a block of ${size} bytes reaches beyond the end of the file`,
        this.#at(offset),
      );
    }
  }

  #mismatch(offset: number): SstError {
    return corrupt('the checksum of a block does not match', this.#at(offset));
  }

  /** Reads and decodes a block. Returns its contents in memory of their own. */
  read(offset: number, size: number): Uint8Array {
    return this.decode(this.readStored(offset, size), offset);
  }

  /** Reads and decodes a block. Returns contents that are valid until the next read. */
  view(offset: number, size: number): Uint8Array {
    const stored = this.readStored(offset, size);
    if (stored[size] === BLOCK_TYPE_RAW) return stored.subarray(0, size);
    return this.decode(stored, offset);
  }

  /** Decodes what `readStored` returned. */
  decode(stored: Uint8Array, offset: number): Uint8Array {
    const size = stored.length - BLOCK_TRAILER_BYTES;
    const type = stored[size];
    if (type === BLOCK_TYPE_RAW) return stored.slice(0, size);
    if (type !== BLOCK_TYPE_SNAPPY) {
      const problem = describeForeignType(type, stored.subarray(0, size));
      const details = { ...this.#at(offset), reason: 'compression' } as const;
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, details);
    }
    this.#varints.position = 0;
    const claimed = this.#varints.read32(stored, size);
    if (claimed < 0 || claimed > size * MAX_SNAPPY_GROWTH || claimed > MAX_BLOCK_BYTES) {
      const problem = `a compressed block of ${size} bytes claims an impossible length (${claimed})`;
      throw corrupt(problem, this.#at(offset));
    }
    let decoded: Uint8Array | string;
    try {
      decoded = loadSnappy().uncompressSync(stored.subarray(0, size), { copyOutputData: true });
    } catch (cause) {
      const problem = 'a block cannot be decompressed';
      throw new SstError('SSTITCH_TABLE_CORRUPT', problem, this.#at(offset), cause);
    }
    if (typeof decoded === 'string' || decoded.length !== claimed) {
      throw corrupt('a block does not decompress to the length that it claims', this.#at(offset));
    }
    // The Buffer itself is not returned, as its `slice` shares bytes instead of copying them.
    return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength);
  }

  /** Reads bytes of the file. Returns a view that is valid until the next read. */
  readBytes(offset: number, count: number): Uint8Array {
    const inWindow = offset - this.#windowStart;
    const end = offset + count;
    if (inWindow >= 0 && end <= this.#windowStart + this.#windowBytes) {
      this.#lastEnd = end;
      return this.#window.subarray(inWindow, inWindow + count);
    }
    const { handle, sizeBytes } = this.#file;
    if (end > sizeBytes) throw corrupt('the file ends too early', this.#at(offset));
    // Read ahead only if reads are sequential. Otherwise a lookup of one block would read thirty.
    const wanted =
      offset === this.#lastEnd
        ? Math.max(count, Math.min(READ_AHEAD_BYTES, sizeBytes - offset))
        : count;
    const mostKept = Math.max(wanted + READ_AHEAD_BYTES, MAX_SPARE_WINDOW_BYTES);
    if (this.#window.length < wanted || this.#window.length > mostKept) {
      this.#window = new Uint8Array(wanted);
    }
    const target = this.#window.length === wanted ? this.#window : this.#window.subarray(0, wanted);
    this.#windowBytes = 0;
    const got = fileOperation('read a table', this.#at(offset), () => handle.read(target, offset));
    if (got < count) throw corrupt('the file ends too early', this.#at(offset));
    this.#windowStart = offset;
    this.#windowBytes = got;
    this.#lastEnd = end;
    return this.#window.subarray(0, count);
  }

  #at(offset: number) {
    return { path: this.#file.path, offset };
  }
}
