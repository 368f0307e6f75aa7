// The range deletions of a table. Each hides the points in [start, end) with a lower sequence number.
//
//   row       a row block: start as internal key -> end
//   columnar  custom header: uint32, the number of boundaries; columns:
//             0 bytes boundaries   1 uint index of the first row that starts there (a row for each boundary)
//             2 uint trailers      3 bytes suffixes, empty      4 bytes values, empty (a row for each deletion)
//             rows [index i, index i + 1) cover [boundary i, boundary i + 1)

import { compareBytes } from '@sstitch/contract';
import { RANGE_DELETE } from '../encoding/entry-kind.js';
import { readUint32 } from '../encoding/fixed-numbers.js';
import { corrupt, tooLarge } from '../errors.js';
import type { CheckedOptions } from '../options.js';
import { BYTES, ColumnarBlock, UINT } from './columnar-block.js';
import { RowReader } from './row-block.js';
import type { Block } from './stored-block.js';

export interface RangeDeletion {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly sequence: number;
}

const CUSTOM_HEADER_BYTES = 4;
/** About how much memory a range deletion takes besides its bytes. */
const DELETION_BYTES = 256;

/** The memory of a range deletion in bytes. */
export function deletionBytes(start: Uint8Array, end: Uint8Array): number {
  return DELETION_BYTES + start.length + end.length;
}

/**
 * Reads the range deletions of a block, in no particular order. Their keys are copies, so that one that is kept
 * does not keep the block.
 */
export function readRangeDeletions(
  block: Block,
  layout: 'row' | 'columnar',
  { maxBlockBytes, maxRangeDeletions }: CheckedOptions,
): RangeDeletion[] {
  const deletions: RangeDeletion[] = [];
  const add = (start: Uint8Array, end: Uint8Array, low: number, high: number) => {
    const { at } = block;
    const kind = low & 0xff;
    if (kind !== RANGE_DELETE) throw corrupt(`a range deletion has the kind ${kind}`, at);
    if (compareBytes(start, end) >= 0) throw corrupt('a range deletion is empty or inverted', at);
    checkCount(block, deletions.length + 1, maxRangeDeletions);
    deletions.push({ start, end, sequence: high * 0x100_0000 + (low >>> 8) });
  };
  if (layout === 'row') readRows(block, maxBlockBytes, add);
  else readColumns(block, maxRangeDeletions, add);
  return deletions;
}

function checkCount(block: Block, count: number, maxRangeDeletions: number): void {
  if (count <= maxRangeDeletions) return;
  const what = 'a table has too many range deletions';
  throw tooLarge(what, maxRangeDeletions, 'maxRangeDeletions', block.at);
}

type Add = (start: Uint8Array, end: Uint8Array, low: number, high: number) => void;

function readRows(block: Block, maxBlockBytes: number, add: Add): void {
  const reader = new RowReader();
  reader.load(block);
  let boundBytes = 0;
  while (reader.next()) {
    const at = reader.userKeyLength();
    const end = reader.value();
    boundBytes += at + end.length;
    // Stored keys share bytes, so that decoded they can be far larger than the block.
    if (boundBytes > maxBlockBytes) {
      const what = 'the keys of the range deletions of a table are too large';
      throw tooLarge(what, maxBlockBytes, 'maxBlockBytes', block.at);
    }
    const { keyBytes } = reader;
    add(reader.userKey(), end.slice(), readUint32(keyBytes, at), readUint32(keyBytes, at + 4));
  }
}

function readColumns(block: Block, maxRangeDeletions: number, add: Add): void {
  const types = [BYTES, UINT, UINT, BYTES, BYTES];
  const columns = new ColumnarBlock(block, 'a keyspan block', CUSTOM_HEADER_BYTES, types);
  const { rows, bytes } = columns;
  const count = readUint32(bytes, 0);
  checkCount(block, rows, maxRangeDeletions);
  // Each deletion begins at a boundary and ends at the next one.
  if (count > 2 * rows) throw columns.fault(`has ${count} boundaries for ${rows} rows`);
  const boundaries = columns.strings(0, count);
  const firstRows = columns.uint32s(1, count);
  const { low, high } = columns.uint64s(2, rows);
  const covered = count === 0 ? 0 : (firstRows[count - 1] as number);
  if (covered !== rows || (count > 0 && firstRows[0] !== 0)) {
    throw columns.fault(`has ${rows} rows, but its boundaries cover others`);
  }
  for (let index = 0; index + 1 < count; index += 1) {
    const first = firstRows[index] as number;
    const last = firstRows[index + 1] as number;
    if (last < first) throw columns.fault('has its rows out of order');
    if (last === first) continue;
    const start = bytes.slice(boundaries[index], boundaries[index + 1]);
    const end = bytes.slice(boundaries[index + 1], boundaries[index + 2]);
    for (let row = first; row < last; row += 1) {
      add(start, end, low[row] as number, high[row] as number);
    }
  }
}
