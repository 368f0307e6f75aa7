// The format of a table file (LevelDB's doc/table_format, table/format.cc):
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
// A handle's size is that of the contents, without the 5 bytes of type and checksum. LevelDB finds blocks by their
// handles alone, so unused bytes may lie between two blocks. `copyPart` leaves zeros there, and `verifyTable` accepts
// nothing but zeros.
//
// A virtual table (share-part.ts) is appended to the file of another table. It uses the filter block and some data
// blocks of the earlier contents:
//
//   the earlier contents of the file, including their footer
//   data blocks, metaindex block, index block, footer
//
// Its metaindex has one more entry, which LevelDB ignores:
//
//   "sstitch.narrowed" -> varint64: the size of the earlier contents
//
// LevelDB looks for the footer at the size that the MANIFEST records. So one file can hold several tables, each
// identified by its size.
//
// The metaindex of a sealed table has one more entry too (table-seal.ts):
//
//   "sstitch.sealed"   -> checksums of index and filter, the first and the last key
//
// A table with properties has a properties block (properties-block.ts) between the filter and the metaindex:
//
//   "rocksdb.properties" -> handle of the properties block
//
// Other entries, such as a filter under another name, and the blocks that they name are ignored, as LevelDB does.

import { compareBytes } from '../compare-bytes.js';
import { corrupt, SstError, type TableLocation } from '../errors.js';
import { readFixed32, writeFixed32 } from './checksum.js';
import { VarintReader, writeVarint } from './varint.js';

/** The position of a block in its file. */
export interface BlockHandle {
  /** The offset in the file, in bytes. */
  readonly offset: number;
  /** The size of the stored contents, without type and checksum, in bytes. */
  readonly size: number;
}

/** The footer of a table. */
export interface Footer {
  /** Where the metaindex block lies, which names the filter block. */
  readonly metaindex: BlockHandle;
  /** Where the index block lies, which has one entry for each data block. */
  readonly index: BlockHandle;
}

/** The length of a table's footer: two padded block handles and the magic number. */
export const FOOTER_BYTES = 48;
/** The size of the type and the checksum that follow each block's contents. */
export const BLOCK_TRAILER_BYTES = 5;
export const BLOCK_TYPE_RAW = 0;
export const BLOCK_TYPE_SNAPPY = 1;
/** The metaindex entry that names the filter block. */
export const FILTER_KEY = 'filter.leveldb.BuiltinBloomFilter2';
/**
 * The metaindex entry of a virtual table, which holds the size of the file's earlier contents. The name is older than the
 * term. It stays, as tables of earlier versions have it, and earlier versions know a virtual table by it.
 */
export const SHARED_PART_KEY = 'sstitch.narrowed';
/** The metaindex entry that holds a table's seal. */
export const SEALED_KEY = 'sstitch.sealed';
/** The metaindex entry that names the properties block. */
export const PROPERTIES_KEY = 'rocksdb.properties';
/** The size limit of a block that this package writes or decodes. LevelDB's own offsets in a block have 32 bits. */
export const MAX_BLOCK_BYTES = 2 ** 30;
/** The size limit of an entry that this package writes, so that an almost full block can take another one. */
export const MAX_ENTRY_BYTES = MAX_BLOCK_BYTES / 2;
/** The size limit of an encoded handle: two varints of at most ten bytes. */
export const MAX_HANDLE_BYTES = 20;

/** The compressions that other writers use, by block type. */
const FOREIGN_COMPRESSIONS: ReadonlyMap<number, string> = new Map([
  [2, 'zlib'],
  [3, 'bzip2'],
  [4, 'raw zlib'],
  [7, 'zstd'],
]);
/** The first bytes of a zstd frame. LevelDB 1.23 and later write zstd as type 2, which is zlib in Minecraft's tables. */
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * Describes a block type that LevelDB 1.20 does not read.
 *
 * @param contents the stored contents of the block, or their first bytes
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

/** The reasons to refuse tables of other programs. */
const TABLE_OF = { RocksDB: 'rocksdb-table', Pebble: 'pebble-table' } as const;

/** The programs that write tables with these last eight bytes, as hex. */
const FOREIGN_MAGICS: ReadonlyMap<string, keyof typeof TABLE_OF> = new Map([
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

/** Writes a handle and returns the position after it. */
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
  if (size < 0) throw corrupt('a block handle is truncated or out of range', at);
  return { offset, size };
}

/** Encodes a footer in 48 bytes. */
export function encodeFooter(footer: Footer): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const position = writeHandle(bytes, 0, footer.metaindex.offset, footer.metaindex.size);
  writeHandle(bytes, position, footer.index.offset, footer.index.size);
  writeFixed32(bytes, MAGIC_OFFSET, MAGIC_LOW);
  writeFixed32(bytes, MAGIC_OFFSET + 4, MAGIC_HIGH);
  return bytes;
}

/**
 * Decodes a footer. Its handles are valid numbers, but may lie outside the file.
 *
 * @param bytes the last 48 bytes of the table
 * @throws SstError `SSTITCH_TABLE_CORRUPT`, `SSTITCH_TABLE_UNSUPPORTED`
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
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, {
        ...at,
        reason: TABLE_OF[foreign],
      });
    }
    throw corrupt('not a LevelDB table: the magic number at its end is wrong', at);
  }
  const reader = new VarintReader();
  const metaindex = readHandle(bytes, reader, MAGIC_OFFSET, at);
  const index = readHandle(bytes, reader, MAGIC_OFFSET, at);
  // Only LevelDB's encoding is accepted, so that no byte of a table can differ unnoticed.
  const footer = { metaindex, index };
  if (compareBytes(encodeFooter(footer), bytes) !== 0) {
    throw corrupt('the footer is not in the encoding that LevelDB writes', at);
  }
  return footer;
}
