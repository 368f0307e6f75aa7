// The footer: the last bytes of a table, which state its format and point to its index.
//
//   LevelDB's, 48 bytes
//     metaindex handle, index handle, zeros up to 40, magic 57fb808b247547db
//   RocksDB's and Pebble's, at least 53 bytes
//     checksum type   1 byte: 1 CRC-32C, 3 XXH64
//     metaindex handle, index handle, zeros up to 41
//     attributes      uint32, from version 7 on
//     checksum        uint32, from version 6 on: masked CRC-32C of the footer without these 4 bytes
//     version         uint32
//     magic           8 bytes: f7cff485b741e288 RocksDB, f09faab3f09faab3 Pebble
//
// From version 3 on, a byte precedes the values of SETs in row blocks; from 4 on, bit 64 of an entry's kind is
// a hint; from 5 on, blocks are columnar.

import { maskedChecksum } from '@sstitch/sst/file-format';
import { ByteCursor } from '../encoding/byte-cursor.js';
import { readUint32 } from '../encoding/fixed-numbers.js';
import { corrupt, type Location, unsupported } from '../errors.js';
import type { BlockFile, BlockHandle, ChecksumType } from './stored-block.js';

export interface Footer {
  /** Pebble's version; 0 for the tables of LevelDB and RocksDB. */
  readonly version: number;
  readonly checksumType: ChecksumType;
  readonly metaindex: BlockHandle;
  readonly index: BlockHandle;
  /** 0 if the version has none. */
  readonly attributes: number;
}

export const ATTRIBUTE_RANGE_KEYS = 2 | 4 | 8;
export const ATTRIBUTE_TWO_LEVEL_INDEX = 32;
export const ATTRIBUTE_BLOB_VALUES = 64;

const LEVELDB_MAGIC = '57fb808b247547db';
const ROCKSDB_MAGIC = 'f7cff485b741e288';
const PEBBLE_MAGIC = 'f09faab3f09faab3';
const MAGIC_BYTES = 8;
const LEVELDB_BYTES = 48;
const MAX_FOOTER_BYTES = 61;
const ROCKSDB_VERSION = 2;
const NEWEST_VERSION = 7;
const HANDLES_END = 41;

const REFUSED_CHECKSUMS = new Map([
  [0, 'no checksums'],
  [2, 'checksums of xxHash32'],
  [4, 'checksums of XXH3'],
]);

/** Reads the footer of a table. */
export function readFooter(blocks: BlockFile): Footer {
  const { file } = blocks;
  const length = Math.min(file.sizeBytes, MAX_FOOTER_BYTES);
  const tail = file.read(file.sizeBytes - length, length);
  const endOf = (bytes: number) => {
    const at = { path: file.path, offset: Math.max(0, file.sizeBytes - bytes) };
    if (tail.length < bytes) {
      throw corrupt(`a table has a footer, but the file has only ${file.sizeBytes} bytes`, at);
    }
    return { footer: tail.subarray(tail.length - bytes), at };
  };
  const magic = Buffer.from(endOf(MAGIC_BYTES).footer).toString('hex');
  if (magic === LEVELDB_MAGIC) return decodeLevelDb(blocks, endOf(LEVELDB_BYTES));
  if (magic !== ROCKSDB_MAGIC && magic !== PEBBLE_MAGIC) {
    throw corrupt(
      'this is not a table: the magic number at its end is wrong, so the file was truncated or is of another kind',
      endOf(MAGIC_BYTES).at,
    );
  }
  const { footer, at } = endOf(MAGIC_BYTES + 4);
  const stated = readUint32(footer, 0);
  const isRocksDb = magic === ROCKSDB_MAGIC;
  const isKnown = isRocksDb ? stated === ROCKSDB_VERSION : stated >= 1 && stated <= NEWEST_VERSION;
  if (!isKnown) {
    const maker = isRocksDb ? 'RocksDB' : 'Pebble';
    throw unsupported(`the table has version ${stated} of ${maker}'s table format`, at);
  }
  const version = isRocksDb ? 0 : stated;
  return decodePebble(blocks, version, endOf(footerBytes(version)));
}

function footerBytes(version: number): number {
  if (version < 6) return 53;
  return version === 6 ? 57 : 61;
}

function decodeLevelDb(blocks: BlockFile, end: { footer: Uint8Array; at: Location }): Footer {
  const limit = LEVELDB_BYTES - MAGIC_BYTES;
  const handles = readHandles(blocks, end.footer, 0, limit, end.at);
  return { version: 0, checksumType: 'crc32c', ...handles, attributes: 0 };
}

function decodePebble(
  blocks: BlockFile,
  version: number,
  end: { footer: Uint8Array; at: Location },
): Footer {
  const { footer, at } = end;
  const attributes = version >= 7 ? readUint32(footer, HANDLES_END) : 0;
  if (version >= 6) {
    const checksumAt = version >= 7 ? HANDLES_END + 4 : HANDLES_END;
    const checked = Buffer.concat([
      footer.subarray(0, checksumAt),
      footer.subarray(checksumAt + 4),
    ]);
    if (maskedChecksum(checked) !== readUint32(footer, checksumAt)) {
      throw corrupt('the checksum of the footer does not match: the file is damaged here', at);
    }
  }
  const handles = readHandles(blocks, footer, 1, HANDLES_END, at);
  return { version, checksumType: checksumTypeOf(footer[0] as number, at), ...handles, attributes };
}

function checksumTypeOf(code: number, at: Location): ChecksumType {
  if (code === 1) return 'crc32c';
  if (code === 3) return 'xxhash64';
  const name = REFUSED_CHECKSUMS.get(code);
  throw name === undefined
    ? corrupt(`the footer has the unknown checksum type ${code}`, at)
    : unsupported(`the table has ${name}; this package reads CRC-32C and XXH64`, at);
}

function readHandles(
  blocks: BlockFile,
  footer: Uint8Array,
  start: number,
  limit: number,
  at: Location,
): { metaindex: BlockHandle; index: BlockHandle } {
  const cursor = new ByteCursor(footer, 'the footer', at, start, limit);
  const metaindex = blocks.readHandle(cursor);
  const index = blocks.readHandle(cursor);
  if (footer.subarray(cursor.position, limit).some((byte) => byte !== 0)) {
    throw corrupt('the padding of the footer is not zero', at);
  }
  return { metaindex, index };
}
