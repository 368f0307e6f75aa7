// A table file (LevelDB's doc/table_format, table/format.cc):
//
//   data blocks        each: contents, type (1 byte), checksum (4 bytes)
//   filter block       optional; named by the metaindex
//   metaindex block    "filter.leveldb.BuiltinBloomFilter2" -> handle of the filter block
//   index block        a key >= every key of data block i and < every key of block i+1 -> its handle
//   footer             48 bytes
//
// Footer:
//   metaindex handle   varint64 offset, varint64 size
//   index handle       the same
//   padding            zeros up to byte 40
//   magic              8 bytes, little-endian: db4775248b80fb57
//
// A handle's size is that of the contents, without the 5 bytes behind them. LevelDB finds blocks by
// their handles alone, so that unused bytes may lie between two blocks: `copyPart` leaves zeros there,
// and `verifyTable` accepts zeros only.
//
// A virtual table (share-part.ts) begins with another table, whose filter block and some of whose data
// blocks it uses; all else of it lies behind:
//
//   what the file held before, that table's footer included
//   data blocks, metaindex block, index block, footer
//
// Its metaindex has one more entry, which LevelDB passes over:
//
//   "sstitch.narrowed" -> varint64: how many bytes that was
//
// LevelDB looks for the footer where the MANIFEST says that the table ends. So one file can be several
// tables, of several sizes.
//
// A sealed table has one more entry in its metaindex, too (table-seal.ts):
//
//   "sstitch.sealed"   -> checksums of index and filter, the first and the last key
//
// A table with properties (properties-block.ts) names a block of them, between the filter and the metaindex:
//
//   "rocksdb.properties" -> handle of the properties block
//
// Other writers put other entries there, such as a filter of another name. They are passed over, as LevelDB
// does, with the blocks that they name.

import { readFixed32, writeFixed32 } from './checksum.js';
import { compareBytes } from './compare-bytes.js';
import { corrupt, SstError, type TableLocation } from './errors.js';
import { VarintReader, writeVarint } from './varint.js';

/** Where a block lies. */
export interface BlockHandle {
  /** In bytes from the start of the file. */
  readonly offset: number;
  /** Contents only, in bytes. */
  readonly size: number;
}

/** What the end of a table points to. */
export interface Footer {
  readonly metaindex: BlockHandle;
  readonly index: BlockHandle;
}

export const FOOTER_BYTES = 48;
/** Type and checksum behind each block. */
export const BLOCK_TRAILER_BYTES = 5;
export const BLOCK_TYPE_RAW = 0;
export const BLOCK_TYPE_SNAPPY = 1;
/** Under which the metaindex names the filter block. */
export const FILTER_KEY = 'filter.leveldb.BuiltinBloomFilter2';
/** Under which the metaindex of a virtual table says how many bytes the file had before. */
export const SHARED_PART_KEY = 'sstitch.narrowed';
/** Under which the metaindex of a table says that its writer saw each entry. */
export const SEALED_KEY = 'sstitch.sealed';
/** Under which the metaindex names the properties block. */
export const PROPERTIES_KEY = 'rocksdb.properties';
/** The largest block that this package writes or decodes; LevelDB's own offsets in one have 32 bits. */
export const MAX_BLOCK_BYTES = 2 ** 30;
/** The largest entry, key and value, that this package writes: a block that is almost full takes one. */
export const MAX_ENTRY_BYTES = MAX_BLOCK_BYTES / 2;
/** Two varints of at most ten bytes. */
export const MAX_HANDLE_BYTES = 20;

/** What a block type other than 0 and 1 means, by those who write it. */
const FOREIGN_COMPRESSIONS: ReadonlyMap<number, string> = new Map([
  [2, 'zlib'],
  [3, 'bzip2'],
  [4, 'raw zlib'],
  [7, 'zstd'],
]);
/** The first bytes of a zstd frame: LevelDB 1.23 and later write it as type 2, as Minecraft writes zlib. */
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * Describes a block type that LevelDB 1.20 does not read.
 *
 * @param contents the block as it is stored, or its first bytes
 */
export function describeForeignType(type: number | undefined, contents: Uint8Array): string {
  const isZstd = type === 2 && contents.length >= 4 && readFixed32(contents, 0) === ZSTD_MAGIC;
  const compression = isZstd ? 'zstd' : FOREIGN_COMPRESSIONS.get(type ?? -1);
  const what =
    compression === undefined
      ? `a block has the unknown type ${type}`
      : `a block is compressed with ${compression} (type ${type})`;
  return `${what}, which LevelDB 1.20 cannot read: it reads 0 (raw) and 1 (snappy)`;
}

/** Whose table a file is, by the last eight bytes, as hex. */
const FOREIGN_MAGICS: ReadonlyMap<string, string> = new Map([
  // Block-based tables, plain tables before and after format 2, cuckoo tables.
  ['f7cff485b741e288', 'RocksDB'],
  ['6495bf6396224282', 'RocksDB'],
  ['b8138f7aeb18344f', 'RocksDB'],
  ['7378f1c5d0896792', 'RocksDB'],
  ['f09faab3f09faab3', 'Pebble'],
]);

const MAGIC_LOW = 0x8b80fb57;
const MAGIC_HIGH = 0xdb477524;
const MAGIC_OFFSET = FOOTER_BYTES - 8;

/** Writes a handle and returns the position behind it. */
export function writeHandle(
  target: Uint8Array,
  position: number,
  offset: number,
  size: number,
): number {
  return writeVarint(target, writeVarint(target, position, offset), size);
}

/** Reads a handle from `bytes[reader.position, limit)`. */
export function readHandle(
  bytes: Uint8Array,
  reader: VarintReader,
  limit: number,
  at: TableLocation,
): BlockHandle {
  const offset = reader.read64(bytes, limit);
  const size = offset < 0 ? -1 : reader.read64(bytes, limit);
  if (size < 0) throw corrupt('a block handle is cut off or out of range', at);
  return { offset, size };
}

/** The 48 bytes at the end of a table. */
export function encodeFooter(footer: Footer): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const behind = writeHandle(bytes, 0, footer.metaindex.offset, footer.metaindex.size);
  writeHandle(bytes, behind, footer.index.offset, footer.index.size);
  writeFixed32(bytes, MAGIC_OFFSET, MAGIC_LOW);
  writeFixed32(bytes, MAGIC_OFFSET + 4, MAGIC_HIGH);
  return bytes;
}

/**
 * Reads a footer. Its handles are numbers in range, not yet known to lie in the file.
 *
 * @param bytes the last 48 bytes of the file
 */
export function decodeFooter(bytes: Uint8Array, at: TableLocation): Footer {
  if (
    readFixed32(bytes, MAGIC_OFFSET) !== MAGIC_LOW ||
    readFixed32(bytes, MAGIC_OFFSET + 4) !== MAGIC_HIGH
  ) {
    const magic = Buffer.from(bytes.subarray(MAGIC_OFFSET, FOOTER_BYTES)).toString('hex');
    const foreign = FOREIGN_MAGICS.get(magic);
    if (foreign !== undefined) {
      const problem = `the file is a table of ${foreign}, not of LevelDB: read it with ${foreign}`;
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, at);
    }
    throw corrupt('not a LevelDB table: the magic number at its end is wrong', at);
  }
  const reader = new VarintReader();
  const metaindex = readHandle(bytes, reader, MAGIC_OFFSET, at);
  const index = readHandle(bytes, reader, MAGIC_OFFSET, at);
  // Only one encoding is right: no byte of a table is free to differ.
  const footer = { metaindex, index };
  if (compareBytes(encodeFooter(footer), bytes) !== 0) {
    throw corrupt('the footer is not encoded as LevelDB does it, or its padding is not zero', at);
  }
  return footer;
}
