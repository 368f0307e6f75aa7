// Reads metaindex and properties blocks, which map names to values.
//
//   row       a row block with the names as keys
//   columnar  no custom header; columns: 0 bytes name, 1 bytes value

import { unsupported } from '../errors.js';
import { BYTES, ColumnarBlock } from './columnar-block.js';
import { RowReader } from './row-block.js';
import type { Block } from './stored-block.js';

const MAX_NAME_BYTES = 256;
/** The most names in a block. Tables have tens; a block of 64 MiB could have millions, which take minutes to read. */
const MAX_NAMES = 65_536;

/** Returns the values of those names in `wanted` that the block has, as views. Skips other names. */
export function readKeyValues<Name extends string>(
  block: Block,
  layout: 'row' | 'columnar',
  wanted: readonly Name[],
): Map<Name, Uint8Array> {
  const found = new Map<Name, Uint8Array>();
  const take = (name: Uint8Array, value: Uint8Array) => {
    const text = Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1');
    if ((wanted as readonly string[]).includes(text)) found.set(text as Name, value);
  };
  if (layout === 'row') {
    const reader = new RowReader();
    reader.load(block);
    for (let count = 1; reader.next(); count += 1) {
      checkNames(block, count);
      if (reader.keyLength <= MAX_NAME_BYTES) take(reader.key(), reader.value());
    }
    return found;
  }
  const columns = new ColumnarBlock(block, 'a key-value block', 0, [BYTES, BYTES]);
  checkNames(block, columns.rows);
  const names = columns.strings(0, columns.rows);
  const values = columns.strings(1, columns.rows);
  for (let row = 0; row < columns.rows; row += 1) {
    const start = names[row] as number;
    const end = names[row + 1] as number;
    if (end - start > MAX_NAME_BYTES) continue;
    take(block.bytes.subarray(start, end), block.bytes.subarray(values[row], values[row + 1]));
  }
  return found;
}

function checkNames({ at }: Block, count: number): void {
  if (count > MAX_NAMES) throw unsupported(`a table has more than ${MAX_NAMES} properties`, at);
}
