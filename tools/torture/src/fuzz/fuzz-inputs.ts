// Creates inputs that are nearly valid: mutated bytes, and tables and logs whose checksums are recomputed after
// a mutation, so that code beyond the checksum is reached.
import { TableReader } from '@sstitch/sst';
import {
  type BlockHandle,
  decodeFooter,
  FOOTER_BYTES,
  maskedChecksum,
} from '@sstitch/sst/file-format';
import { memoryFiles } from '../cases/memory-files.js';

export type Random = () => number;

/** Bytes that make lengths and offsets invalid. */
const NASTY_BYTES = [0, 1, 2, 4, 7, 8, 0x7f, 0x80, 0x81, 0xfe, 0xff];

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** Makes one to a few changes: flipped bits, nasty bytes, runs, and removed, repeated or inserted bytes. */
export function mutateBytes(random: Random, source: Uint8Array, keepsLength = false): Uint8Array {
  let bytes = Uint8Array.from(source);
  for (let left = 1 + below(random, 4); left > 0; left--) {
    if (bytes.length === 0) return Uint8Array.of(below(random, 256));
    const at = below(random, bytes.length);
    const kind = below(random, keepsLength ? 4 : 7);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
    else if (kind === 1) bytes[at] = NASTY_BYTES[below(random, NASTY_BYTES.length)] ?? 0;
    else if (kind === 2) bytes[at] = below(random, 256);
    else if (kind === 3) bytes.copyWithin(at, below(random, bytes.length), bytes.length);
    else if (kind === 4) bytes = bytes.slice(0, at);
    else {
      const end = Math.min(bytes.length, at + 1 + below(random, 16));
      const middle = kind === 5 ? [] : [bytes.subarray(at, end), bytes.subarray(at, end)];
      bytes = Uint8Array.from(
        Buffer.concat([bytes.subarray(0, at), ...middle, bytes.subarray(end)]),
      );
    }
  }
  return bytes;
}

/** Mutates the content of one block of a table and recomputes its checksum. */
export function mutateBlock(random: Random, table: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(table);
  const handles = blocksOf(table);
  const handle = handles[below(random, handles.length)];
  if (handle === undefined) return bytes;
  const { offset, size } = handle;
  // LevelDB's checksum covers the content and the type.
  const changed = mutateBytes(random, bytes.subarray(offset, offset + size + 1), true);
  bytes.set(changed, offset);
  const view = new DataView(bytes.buffer);
  view.setUint32(offset + size + 1, maskedChecksum(changed), true);
  return bytes;
}

/** All blocks of a table: data, filter, metaindex and index. */
function blocksOf(table: Uint8Array): BlockHandle[] {
  const path = '/table';
  const reader = TableReader.open(memoryFiles(new Map([[path, table]])), path);
  try {
    const footer = decodeFooter(table.subarray(table.length - FOOTER_BYTES), {});
    const { filterHandle } = reader;
    const filter = filterHandle === undefined ? [] : [filterHandle];
    return [...reader.blockHandles(), ...filter, footer.metaindex, footer.index];
  } finally {
    reader.close();
  }
}

const LOG_HEADER_BYTES = 7;

/** Mutates one record of a log or MANIFEST and recomputes its length and checksum. */
export function mutateLogRecord(random: Random, log: Uint8Array): Uint8Array {
  const starts: number[] = [];
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  for (let at = 0; at + LOG_HEADER_BYTES <= log.length; ) {
    starts.push(at);
    at += LOG_HEADER_BYTES + view.getUint16(at + 4, true);
  }
  const start = starts[below(random, starts.length)];
  if (start === undefined) return Uint8Array.from(log);
  const bodyStart = start + LOG_HEADER_BYTES;
  const end = bodyStart + view.getUint16(start + 4, true);
  const body = mutateBytes(random, log.subarray(bodyStart, end));
  const record = new Uint8Array(LOG_HEADER_BYTES + body.length);
  record.set(log.subarray(start, bodyStart));
  record.set(body, LOG_HEADER_BYTES);
  const recordView = new DataView(record.buffer);
  recordView.setUint16(4, body.length, true);
  recordView.setUint32(0, maskedChecksum(record.subarray(6)), true);
  return Uint8Array.from(Buffer.concat([log.subarray(0, start), record, log.subarray(end)]));
}
