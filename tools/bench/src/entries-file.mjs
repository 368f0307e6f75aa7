// The format of files of entries, which peers of every language read and write.
//
//   entry = u32le key length, key, u32le value length, value
//
// A dataset's load file holds entries in the order in which to write them; its spans file holds an entry for
// each span, its start and end; a dump holds all entries of a database in key order.
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';

const CHUNK_BYTES = 1 << 20;
const PAGE_ENTRIES = 2048;

/** Packs a page of entries into one array. */
export function packPage(page) {
  let size = 0;
  for (const [key, value] of page) size += 8 + key.length + value.length;
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const entry of page) {
    for (const part of entry) {
      bytes.writeUInt32LE(part.length, at);
      bytes.set(part, at + 4);
      at += 4 + part.length;
    }
  }
  return bytes;
}

/** Writes pages of entries; returns the number of entries and of bytes. */
export async function writeEntries(path, pages) {
  const file = openSync(path, 'w');
  let entries = 0;
  let bytes = 0;
  try {
    for await (const page of pages) {
      const packed = packPage(page);
      // A write to a regular file is short only on a full disk, where the next one fails.
      for (let at = 0; at < packed.length; ) at += writeSync(file, packed, at);
      entries += page.length;
      bytes += packed.length;
    }
  } finally {
    closeSync(file);
  }
  return { entries, bytes };
}

/** Yields the entries of a file in pages. */
export async function* readEntries(path, pageEntries = PAGE_ENTRIES) {
  let rest = Buffer.alloc(0);
  let page = [];
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      if (at + 4 > bytes.length) break;
      const valueAt = at + 4 + bytes.readUInt32LE(at);
      if (valueAt + 4 > bytes.length) break;
      const end = valueAt + 4 + bytes.readUInt32LE(valueAt);
      if (end > bytes.length) break;
      page.push([bytes.subarray(at + 4, valueAt), bytes.subarray(valueAt + 4, end)]);
      at = end;
      if (page.length < pageEntries) continue;
      yield page;
      page = [];
    }
    rest = bytes.subarray(at);
  }
  if (rest.length > 0) throw new Error(`${path} ends inside an entry`);
  if (page.length > 0) yield page;
}
