// Reads blocks as they are stored and decodes them:
//
//   contents   raw, or compressed by snappy
//   type       1 byte: 0 raw, 1 snappy
//   checksum   uint32 little-endian: masked CRC-32C of contents and type
//
// Invariants: no read goes outside of the file; nothing is allocated by a length that the file claims
// before that length is known to be possible; one window of the file is kept, of bounded size.

import { maskedChecksum, RunningChecksum, readFixed32 } from './checksum.js';
import { corrupt, fileOperation, SstError } from './errors.js';
import type { FileHandle } from './file-system.js';
import {
  BLOCK_TRAILER_BYTES,
  BLOCK_TYPE_RAW,
  BLOCK_TYPE_SNAPPY,
  describeForeignType,
  FOOTER_BYTES,
  MAX_BLOCK_BYTES,
} from './format.js';
import { uncompressSync } from './native-codecs.js';
import { VarintReader } from './varint.js';

/** Of a block's trailer, behind the type. */
const CHECKSUM_BYTES = BLOCK_TRAILER_BYTES - 1;
/** Read at once when blocks are read one after another. */
const READ_AHEAD_BYTES = 128 * 1024;
/** A window that is kept for the next table; of tables of 2 MiB, what is read to open one fits. */
const MAX_SPARE_WINDOW_BYTES = 512 * 1024;
/**
 * No snappy stream grows by more: its best element turns 3 bytes into 64. A claim beyond that is refused
 * before memory is set aside for it.
 */
const MAX_SNAPPY_GROWTH = 22;

/**
 * Tables are opened by the dozen in a commit. V8 counts memory that no table needs any more, and its collections
 * took more of a commit than the reading.
 */
let spareWindow = new Uint8Array(0);

/** Where blocks come from. */
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

  /** A reader to be used for a moment: whoever makes it calls `giveWindowBack`. */
  static withSpareWindow(file: BlockFile): StoredBlockReader {
    const reader = new StoredBlockReader(file);
    reader.#window = spareWindow;
    spareWindow = new Uint8Array(0);
    return reader;
  }

  /** Ends the views of what was read, and lets the next reader use their memory. */
  giveWindowBack(): void {
    if (this.#window.length <= MAX_SPARE_WINDOW_BYTES) spareWindow = this.#window;
    this.#window = new Uint8Array(0);
    this.#windowBytes = 0;
  }

  /** A block with its type and checksum: a view that is valid until the next read. */
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
   * The checksum behind a block, which its bytes have: they are read piece by piece, and none is kept. The filter
   * of a large table has a megabyte; memory for all of it at once took as long as reading it.
   */
  readChecksum(offset: number, size: number): number {
    this.#checkPlace(offset, size);
    const end = offset + size + BLOCK_TRAILER_BYTES;
    const checksum = new RunningChecksum();
    for (let at = offset; ; ) {
      // The last piece has the whole checksum in it.
      const isLast = end - at < READ_AHEAD_BYTES + BLOCK_TRAILER_BYTES;
      const piece = this.readBytes(at, isLast ? end - at : READ_AHEAD_BYTES);
      at += piece.length;
      if (!isLast) {
        checksum.add(piece);
        continue;
      }
      checksum.add(piece.subarray(0, piece.length - CHECKSUM_BYTES));
      const expected = readFixed32(piece, piece.length - CHECKSUM_BYTES);
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
        `a block of ${size} bytes reaches behind the end of the file`,
        this.#at(offset),
      );
    }
  }

  #mismatch(offset: number): SstError {
    return corrupt('the checksum of a block does not match', this.#at(offset));
  }

  /** The decoded contents of a block: memory of their own. */
  read(offset: number, size: number): Uint8Array {
    return this.decode(this.readStored(offset, size), offset);
  }

  /** `read`, where a view that is valid until the next read will do. */
  view(offset: number, size: number): Uint8Array {
    const stored = this.readStored(offset, size);
    if (stored[size] === BLOCK_TYPE_RAW) return stored.subarray(0, size);
    return this.decode(stored, offset);
  }

  /** Decodes what `readStored` gave. */
  decode(stored: Uint8Array, offset: number): Uint8Array {
    const size = stored.length - BLOCK_TRAILER_BYTES;
    const type = stored[size];
    if (type === BLOCK_TYPE_RAW) return stored.slice(0, size);
    if (type !== BLOCK_TYPE_SNAPPY) {
      const problem = describeForeignType(type, stored.subarray(0, size));
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, this.#at(offset));
    }
    this.#varints.position = 0;
    const claimed = this.#varints.read32(stored, size);
    if (claimed < 0 || claimed > size * MAX_SNAPPY_GROWTH || claimed > MAX_BLOCK_BYTES) {
      const problem = `a compressed block of ${size} bytes claims an impossible length (${claimed})`;
      throw corrupt(problem, this.#at(offset));
    }
    let decoded: Uint8Array | string;
    try {
      decoded = uncompressSync(stored.subarray(0, size), { copyOutputData: true });
    } catch (cause) {
      const problem = 'a block cannot be decompressed';
      throw new SstError('SSTITCH_TABLE_CORRUPT', problem, this.#at(offset), cause);
    }
    if (typeof decoded === 'string' || decoded.length !== claimed) {
      throw corrupt('a block decompresses to another length than it claims', this.#at(offset));
    }
    // A plain Uint8Array: its subarrays are then plain too.
    return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength);
  }

  /** Any bytes of the file: a view that is valid until the next read. */
  readBytes(offset: number, count: number): Uint8Array {
    const inWindow = offset - this.#windowStart;
    const end = offset + count;
    if (inWindow >= 0 && end <= this.#windowStart + this.#windowBytes) {
      this.#lastEnd = end;
      return this.#window.subarray(inWindow, inWindow + count);
    }
    const { handle, sizeBytes } = this.#file;
    if (end > sizeBytes) throw corrupt('the file ends too early', this.#at(offset));
    // Ahead only where reads follow one another: a lookup would read thirty blocks for one.
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
