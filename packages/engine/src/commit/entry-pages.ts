// Entries on their way to a worker thread: many in one buffer, which is moved and not copied.
//
//   page  := entry*
//   entry := key length u32le, key, value length u32le, value
import { EngineError } from '../errors.js';

const LENGTH_BYTES = 4;

/** Packs entries into one buffer of its own. */
export function packEntries(
  entries: ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>,
): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const [key, value] of entries) size += 2 * LENGTH_BYTES + key.byteLength + value.byteLength;
  const page = new Uint8Array(size);
  const view = new DataView(page.buffer);
  let position = 0;
  for (const entry of entries) {
    for (const part of entry) {
      view.setUint32(position, part.byteLength, true);
      page.set(part, position + LENGTH_BYTES);
      position += LENGTH_BYTES + part.byteLength;
    }
  }
  return page;
}

/** Calls `visit` for each entry of a page; key and value are views of the page. */
export function visitEntries(
  page: Uint8Array,
  visit: (key: Uint8Array, value: Uint8Array) => void,
): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let position = 0;
  const part = (): Uint8Array => {
    const length = view.getUint32(position, true);
    const start = position + LENGTH_BYTES;
    position = start + length;
    if (position > page.byteLength) {
      throw new EngineError('SSTITCH_ENTRIES_INVALID', 'a page of entries is cut short');
    }
    return page.subarray(start, position);
  };
  while (position < page.byteLength) {
    const key = part();
    visit(key, part());
  }
}
