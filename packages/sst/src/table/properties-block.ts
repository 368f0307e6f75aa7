// The format of the properties block, which RocksDB and Pebble require and LevelDB ignores. The metaindex names it
// "rocksdb.properties". It is a raw block (block-builder.ts) whose keys are these names, in order:
//
//   rocksdb.block.based.table.index.type   uint32 little-endian   0: an index of one level
//   rocksdb.comparator                     text
//   rocksdb.data.size                      varint64   data blocks as stored, trailers included
//   rocksdb.deleted.keys                   varint64   deletions
//   rocksdb.filter.size                    varint64   0 without a filter
//   rocksdb.index.size                     varint64   index before compression
//   rocksdb.merge.operator                 text       "nullptr": the table has no merges
//   rocksdb.num.data.blocks                varint64
//   rocksdb.num.entries                    varint64   deletions included
//   rocksdb.num.range-deletions            varint64   0
//   rocksdb.raw.key.size                   varint64   internal keys in full
//   rocksdb.raw.value.size                 varint64
//
// Pebble (sstable/properties.go) opens tables with fewer properties, but misestimates their sizes.

import { BlockBuilder } from '../block/block-builder.js';
import { MAX_VARINT64_BYTES, writeVarint } from '../encoding/varint.js';

/** The totals of a table's entries. */
export interface EntryTotals {
  readonly entries: number;
  readonly deletions: number;
  /** The size of all internal keys. */
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** The totals of a table's blocks. */
export interface BlockTotals {
  readonly dataBlocks: number;
  readonly dataBytes: number;
  readonly indexBytes: number;
  readonly filterBytes: number;
}

/** Every entry is a restart point: sharing bytes is not worthwhile in so small a block. */
const RESTART_INTERVAL = 1;
const COMPARATOR = 'leveldb.BytewiseComparator';
const NO_MERGES = 'nullptr';
const ONE_LEVEL = new Uint8Array(4);

/** Returns the contents of the properties block. */
export function encodeProperties(entries: EntryTotals, blocks: BlockTotals): Uint8Array {
  const block = new BlockBuilder(RESTART_INTERVAL);
  const rows: ReadonlyArray<readonly [name: string, value: Uint8Array]> = [
    ['rocksdb.block.based.table.index.type', ONE_LEVEL],
    ['rocksdb.comparator', textBytes(COMPARATOR)],
    ['rocksdb.data.size', varint(blocks.dataBytes)],
    ['rocksdb.deleted.keys', varint(entries.deletions)],
    ['rocksdb.filter.size', varint(blocks.filterBytes)],
    ['rocksdb.index.size', varint(blocks.indexBytes)],
    ['rocksdb.merge.operator', textBytes(NO_MERGES)],
    ['rocksdb.num.data.blocks', varint(blocks.dataBlocks)],
    ['rocksdb.num.entries', varint(entries.entries)],
    ['rocksdb.num.range-deletions', varint(0)],
    ['rocksdb.raw.key.size', varint(entries.keyBytes)],
    ['rocksdb.raw.value.size', varint(entries.valueBytes)],
  ];
  for (const [name, value] of rows) {
    const key = textBytes(name);
    block.append(key, key.length, 0, value, 0, value.length);
  }
  return block.finish();
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(MAX_VARINT64_BYTES);
  return bytes.subarray(0, writeVarint(bytes, 0, value));
}
