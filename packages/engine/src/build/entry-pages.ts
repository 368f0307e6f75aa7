// Packs entries into a page, one buffer that is transferred to a worker thread without a copy.
//
//   page  := entry*
//   entry := key length u32le, key, value length u32le, value

import { EngineError } from '../errors.js';
import { checkPageOfBytes } from './check-pages.js';

const LENGTH_BYTES = 4;
/** Up to this many bytes, a loop is faster than a call of `set`. */
const LOOP_COPY_BYTES = 48;

/**
 * Packs entries into a new page.
 *
 * @param pageIndex the number of the page, for messages
 * @throws EngineError SSTITCH_ENTRIES_INVALID unless all entries are [key, value] in bytes
 */
export function packEntries(entries: unknown, pageIndex: number): Uint8Array<ArrayBuffer> {
  checkPageOfBytes(entries, pageIndex);
  let size = 0;
  for (const [key, value] of entries) size += 2 * LENGTH_BYTES + key.byteLength + value.byteLength;
  const page = new Uint8Array(size);
  let position = 0;
  for (const [key, value] of entries) {
    position = putPart(page, putPart(page, position, key), value);
  }
  return page;
}

function putPart(page: Uint8Array, position: number, part: Uint8Array): number {
  const length = part.byteLength;
  page[position] = length;
  page[position + 1] = length >>> 8;
  page[position + 2] = length >>> 16;
  page[position + 3] = length >>> 24;
  const start = position + LENGTH_BYTES;
  if (length > LOOP_COPY_BYTES) page.set(part, start);
  else for (let index = 0; index < length; index++) page[start + index] = part[index] as number;
  return start + length;
}

/**
 * Calls `visit` for each entry of a page: the key is `page[keyStart, keyEnd)`, the value
 * `page[valueStart, valueEnd)`.
 */
export function visitEntries(
  page: Uint8Array,
  visit: (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void,
): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const endOf = (position: number): number => {
    const start = position + LENGTH_BYTES;
    const end = start <= page.byteLength ? start + view.getUint32(position, true) : start;
    if (end > page.byteLength) {
      throw new EngineError('SSTITCH_ENTRIES_INVALID', 'a page of entries is cut short');
    }
    return end;
  };
  for (let position = 0; position < page.byteLength; ) {
    const keyEnd = endOf(position);
    const valueEnd = endOf(keyEnd);
    visit(position + LENGTH_BYTES, keyEnd, keyEnd + LENGTH_BYTES, valueEnd);
    position = valueEnd;
  }
}
