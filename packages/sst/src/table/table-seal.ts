// A seal states that the writer of a table saw each entry in order, and made index and filter from them. The format of
// its value in the metaindex (table-format.ts), under "sstitch.sealed":
//
//   index checksum    uint32 little-endian, the checksum in the trailer of the index block
//   filter checksum   uint32 little-endian, likewise of the filter block; 0 if there is none
//   smallest length   varint32, then the first internal key
//   largest length    varint32, then the last internal key
//
// If index and filter have these checksums, they are what the writer made, and need not be decoded to be trusted. A seal
// is not a signature: a program that can write the file can also seal it. So `verifyTable` does not trust seals.

import type { StoredBlockReader } from '../block/stored-block.js';
import { readFixed32, writeFixed32 } from '../encoding/checksum.js';
import { compareInternalKeys, TRAILER_BYTES } from '../encoding/internal-key.js';
import type { BlockHandle } from '../encoding/table-format.js';
import { MAX_VARINT32_BYTES, VarintReader, writeVarint } from '../encoding/varint.js';
import { corrupt, type TableLocation } from '../errors.js';

/** The contents of a seal. */
export interface TableSeal {
  readonly indexChecksum: number;
  readonly filterChecksum: number;
  /** The first internal key. */
  readonly smallest: Uint8Array;
  /** The last internal key. */
  readonly largest: Uint8Array;
}

const CHECKSUMS_BYTES = 8;

/** Encodes a seal as a value of the metaindex. */
export function encodeSeal({
  indexChecksum,
  filterChecksum,
  smallest,
  largest,
}: TableSeal): Uint8Array {
  const keysBytes = 2 * MAX_VARINT32_BYTES + smallest.length + largest.length;
  const bytes = new Uint8Array(CHECKSUMS_BYTES + keysBytes);
  writeFixed32(bytes, 0, indexChecksum);
  writeFixed32(bytes, 4, filterChecksum);
  let at = CHECKSUMS_BYTES;
  for (const key of [smallest, largest]) {
    at = writeVarint(bytes, at, key.length);
    bytes.set(key, at);
    at += key.length;
  }
  return bytes.subarray(0, at);
}

/** Decodes the seal in `bytes[start, end)`. @throws SstError `SSTITCH_TABLE_CORRUPT` */
export function decodeSeal(
  bytes: Uint8Array,
  start: number,
  end: number,
  at: TableLocation,
): TableSeal {
  if (end - start < CHECKSUMS_BYTES) throw corrupt('the seal is truncated', at);
  const varints = new VarintReader();
  varints.position = start + CHECKSUMS_BYTES;
  const takeKey = (): Uint8Array => {
    const length = varints.read32(bytes, end);
    const keyStart = varints.position;
    if (length < TRAILER_BYTES || length > end - keyStart) {
      throw corrupt('the seal has a key that is truncated or not an internal key', at);
    }
    varints.position = keyStart + length;
    return bytes.slice(keyStart, keyStart + length);
  };
  const smallest = takeKey();
  const largest = takeKey();
  if (varints.position !== end || compareInternalKeys(smallest, largest) > 0) {
    throw corrupt('the seal has bytes after its keys, or keys out of order', at);
  }
  return {
    indexChecksum: readFixed32(bytes, start),
    filterChecksum: readFixed32(bytes, start + 4),
    smallest,
    largest,
  };
}

/** Reads index and filter without decoding them, and compares their checksums with the seal. */
export function checkSeal(
  blocks: StoredBlockReader,
  { indexChecksum, filterChecksum }: TableSeal,
  index: BlockHandle,
  filter: BlockHandle | undefined,
  path: string,
): void {
  if (filter !== undefined || filterChecksum !== 0) {
    const checksum = filter && blocks.readChecksum(filter.offset, filter.size);
    if (checksum !== filterChecksum) {
      throw corrupt('the filter is not the one that was sealed', { path, offset: filter?.offset });
    }
  }
  if (blocks.readChecksum(index.offset, index.size) !== indexChecksum) {
    throw corrupt('the index is not the one that was sealed', { path, offset: index.offset });
  }
}
