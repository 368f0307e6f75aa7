// A seal says that whoever wrote a table saw each of its entries, in order, and made its index and filter of them.
// Its value in the metaindex (format.ts), under "sstitch.sealed":
//
//   index checksum    uint32 little-endian, as it stands behind the index block
//   filter checksum   the same of the filter block; 0 where there is none
//   smallest length   varint32, then the first internal key
//   largest length    varint32, then the last internal key
//
// The checksums tie the seal to this index and this filter: they are what their writer made, if their bytes have
// them, and need not be unpacked and walked through to be known as sound. A seal is no signature. Who can write to
// a table's file can seal it too, as he can put into its data blocks what he likes: `verifyTable` takes no seal's
// word.

import { readFixed32, writeFixed32 } from './checksum.js';
import { corrupt, type TableLocation } from './errors.js';
import type { BlockHandle } from './format.js';
import { compareInternalKeys, TRAILER_BYTES } from './internal-key.js';
import type { StoredBlockReader } from './stored-block.js';
import { MAX_VARINT32_BYTES, VarintReader, writeVarint } from './varint.js';

/** What a seal says. */
export interface TableSeal {
  readonly indexChecksum: number;
  readonly filterChecksum: number;
  /** The first internal key. */
  readonly smallest: Uint8Array;
  /** The last internal key. */
  readonly largest: Uint8Array;
}

const CHECKSUMS_BYTES = 8;

/** The value that stands for a seal in a metaindex. */
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

/** Reads the seal that is `bytes[start, end)`. */
export function decodeSeal(
  bytes: Uint8Array,
  start: number,
  end: number,
  at: TableLocation,
): TableSeal {
  if (end - start < CHECKSUMS_BYTES) throw corrupt('the seal is cut off', at);
  const varints = new VarintReader();
  varints.position = start + CHECKSUMS_BYTES;
  const takeKey = (): Uint8Array => {
    const length = varints.read32(bytes, end);
    const keyStart = varints.position;
    if (length < TRAILER_BYTES || length > end - keyStart) {
      throw corrupt('the seal has a key that is cut off or no internal key', at);
    }
    varints.position = keyStart + length;
    return bytes.slice(keyStart, keyStart + length);
  };
  const smallest = takeKey();
  const largest = takeKey();
  if (varints.position !== end || compareInternalKeys(smallest, largest) > 0) {
    throw corrupt('the seal has bytes behind its keys, or keys out of order', at);
  }
  return {
    indexChecksum: readFixed32(bytes, start),
    filterChecksum: readFixed32(bytes, start + 4),
    smallest,
    largest,
  };
}

/** Reads index and filter, neither of which is decoded, and holds their checksums against the seal. */
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
