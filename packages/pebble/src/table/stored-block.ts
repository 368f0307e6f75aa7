// Reads and decodes the stored blocks of a table:
//
//   contents     raw or compressed
//   compression  1 byte: 0 none, 1 snappy, 7 zstd, 8 MinLZ; others are RocksDB's
//   checksum     uint32 of contents and compression: masked CRC-32C, or the low half of XXH64
//
//   snappy's contents  uvarint: decoded length; then the rest of a raw snappy stream
//   zstd's contents    uvarint: decoded length; then a zstd frame
//
// Invariants: no read extends past the file; no memory is allocated for a length in the file before the length
// is known to be possible and within the limit.

import { createRequire } from 'node:module';
import { maskedChecksum } from '@sstitch/sst/file-format';
import { ByteCursor } from '../encoding/byte-cursor.js';
import { readUint32 } from '../encoding/fixed-numbers.js';
import { xxHash64Low } from '../encoding/xxhash64.js';
import { decompressZstd } from '../encoding/zstd.js';
import { corrupt, type Location, type PebbleError, tooLarge, unsupported } from '../errors.js';
import type { InputFile } from '../input-file.js';

// With `require`, as in @sstitch/sst: Node scans the whole text of an imported CommonJS module for its exports.
const { uncompressSync } = createRequire(import.meta.url)('snappy') as typeof import('snappy');

/** The place of a block. */
export interface BlockHandle {
  readonly offset: number;
  /** The length of the stored contents, without the 5 bytes after them. */
  readonly length: number;
}

/** A decoded block. */
export interface Block {
  readonly bytes: Uint8Array;
  /** The place of the stored block. */
  readonly at: Location;
}

export type ChecksumType = 'crc32c' | 'xxhash64';

const TRAILER_BYTES = 5;
const COMPRESSION_NONE = 0;
const COMPRESSION_SNAPPY = 1;
const COMPRESSION_ZSTD = 7;
const REFUSED_COMPRESSIONS = new Map([
  [2, 'zlib'],
  [3, 'bzip2'],
  [4, 'LZ4'],
  [5, 'LZ4HC'],
  [6, 'Xpress'],
  [8, 'MinLZ'],
]);
/** The most that a snappy stream can grow: its best element turns 3 bytes into 64. */
const MAX_SNAPPY_GROWTH = 22;

/** Reads the blocks of one table. */
export class BlockFile {
  readonly file: InputFile;
  readonly maxBlockBytes: number;
  /** The type of the checksums; set when the footer is read. */
  checksumType: ChecksumType = 'crc32c';

  constructor(file: InputFile, maxBlockBytes: number) {
    this.file = file;
    this.maxBlockBytes = maxBlockBytes;
  }

  /** Reads a handle at the cursor. */
  readHandle(cursor: ByteCursor): BlockHandle {
    return { offset: cursor.uvarint(), length: cursor.uvarint() };
  }

  /** Reads and decodes a block into new memory. */
  read(handle: BlockHandle): Block {
    const { offset, length } = handle;
    const at = { path: this.file.path, offset };
    if (length > this.maxBlockBytes) throw this.#tooLarge(length, at);
    const stored = this.file.read(offset, length + TRAILER_BYTES);
    const contents = stored.subarray(0, length);
    const checked = stored.subarray(0, length + 1);
    const checksum =
      this.checksumType === 'crc32c' ? maskedChecksum(checked) : xxHash64Low(checked);
    if (checksum !== readUint32(stored, length + 1)) {
      throw corrupt('the checksum of a block does not match: the file is damaged here', at);
    }
    return { bytes: this.#decode(contents, stored[length] as number, at), at };
  }

  #decode(contents: Uint8Array, compression: number, at: Location): Uint8Array {
    if (compression === COMPRESSION_NONE) return contents;
    if (compression === COMPRESSION_SNAPPY) return this.#unsnappy(contents, at);
    if (compression === COMPRESSION_ZSTD) return this.#unzstd(contents, at);
    const name = REFUSED_COMPRESSIONS.get(compression);
    throw name === undefined
      ? corrupt(`a block has the unknown compression ${compression}`, at)
      : unsupported(
          `a block is compressed with ${name}, but this package reads only none, snappy and zstd: ` +
            'compact the database with one of these first',
          at,
        );
  }

  #unsnappy(contents: Uint8Array, at: Location): Uint8Array {
    const cursor = new ByteCursor(contents, 'a snappy block', at);
    const sizeBytes = this.#decodedBytes(cursor, at);
    if (sizeBytes > contents.length * MAX_SNAPPY_GROWTH) {
      throw corrupt(`a snappy block of ${contents.length} bytes claims ${sizeBytes}`, at);
    }
    try {
      // Without the option, the memory is freed only in a later turn of the event loop, which a scan may never leave.
      const bytes = uncompressSync(contents, { copyOutputData: true }) as Buffer;
      if (bytes.length === sizeBytes) {
        return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      }
    } catch (cause) {
      throw corrupt('snappy cannot decode a block', at, cause);
    }
    throw corrupt('a snappy block does not have the length that it claims', at);
  }

  #unzstd(contents: Uint8Array, at: Location): Uint8Array {
    const cursor = new ByteCursor(contents, 'a zstd block', at);
    const sizeBytes = this.#decodedBytes(cursor, at);
    const bytes = decompressZstd(contents.subarray(cursor.position), sizeBytes);
    if (bytes === undefined) throw corrupt('zstd cannot decode a block', at);
    return bytes;
  }

  #decodedBytes(cursor: ByteCursor, at: Location): number {
    const sizeBytes = cursor.uvarint();
    if (sizeBytes > this.maxBlockBytes) throw this.#tooLarge(sizeBytes, at);
    return sizeBytes;
  }

  #tooLarge(sizeBytes: number, at: Location): PebbleError {
    return tooLarge(`a block has ${sizeBytes} bytes`, this.maxBlockBytes, 'maxBlockBytes', at);
  }
}
