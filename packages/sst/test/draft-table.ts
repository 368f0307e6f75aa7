// Makes tables with one fault, which no builder would write.

import { writeFixed32 } from '../src/encoding/checksum.js';
import { BLOCK_TYPE_RAW } from '../src/encoding/table-format.js';
import { FILTER_WINDOW_BYTES, FilterBlockBuilder } from '../src/filter/filter-block.js';
import { TableWriter } from '../src/table/table-writer.js';
import { bytesOf, MemoryFile } from './entries.js';

/** The entries and the index key of each block. */
export interface Draft {
  readonly blocks: readonly { readonly keys: readonly Uint8Array[]; readonly index: Uint8Array }[];
  /** Replaces the restart points of the entries. */
  readonly restarts?: readonly number[];
  /** Makes the second index entry point to the first block. */
  readonly overlap?: boolean;
  readonly filteredKeys?: readonly string[];
  /** Adds a filter window without a block. */
  readonly strayWindow?: number;
  readonly gapByte?: number;
}

/** Makes a table with right checksums and the faults of the draft. */
export function draftTable({
  blocks,
  restarts,
  overlap,
  filteredKeys,
  strayWindow,
  gapByte,
}: Draft): Uint8Array {
  const file = new MemoryFile();
  const writer = new TableWriter(file, 'none', undefined);
  for (const { keys, index } of blocks) {
    writer.writeRawBlock(rawBlock(keys, restarts), BLOCK_TYPE_RAW);
    const offset = overlap ? 0 : writer.blockOffset;
    writer.addIndexEntry(index, index.length, offset, writer.blockSize);
    if (gapByte !== undefined) writer.padTo(writer.offset + 3);
  }
  const filter = new FilterBlockBuilder(10);
  filter.startBlock(0);
  for (const key of filteredKeys ?? []) filter.addUserKey(bytesOf(key), key.length);
  if (strayWindow !== undefined) {
    filter.startBlock(strayWindow * FILTER_WINDOW_BYTES);
    filter.addUserKey(bytesOf('stray'), 5);
  }
  const gapAt = writer.offset - 1;
  writer.finish({ filter: filteredKeys === undefined ? undefined : filter.finish() });
  const bytes = file.bytes.slice();
  if (gapByte !== undefined) bytes[gapAt] = gapByte;
  return bytes;
}

/** Makes a block of entries in any order, each of which is a restart point. */
export function rawBlock(keys: readonly Uint8Array[], claimed?: readonly number[]): Uint8Array {
  const parts: number[] = [];
  const restarts: number[] = [];
  for (const key of keys) {
    restarts.push(parts.length);
    parts.push(0, key.length, 1, ...key, 0x76);
  }
  const written = claimed ?? restarts;
  const tail = new Uint8Array(4 * written.length + 4);
  for (const [index, offset] of written.entries()) writeFixed32(tail, 4 * index, offset);
  writeFixed32(tail, 4 * written.length, written.length);
  return Uint8Array.from([...parts, ...tail]);
}
