// Encodes a log of one record, in the chunks that LevelDB and Pebble share (log-reader.ts describes the layout).

import { maskedChecksum } from '@sstitch/sst/file-format';
import { LOG_BLOCK_BYTES } from './log-reader.js';

const HEADER_BYTES = 7;
const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/** Encodes a log that holds one record. */
export function encodeLogRecord(record: Uint8Array): Uint8Array {
  const perChunk = LOG_BLOCK_BYTES - HEADER_BYTES;
  const chunks = Math.max(1, Math.ceil(record.length / perChunk));
  const log = new Uint8Array(record.length + chunks * HEADER_BYTES);
  const view = new DataView(log.buffer);
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    // Every chunk but the last fills its block.
    const at = chunk * LOG_BLOCK_BYTES;
    const payload = record.subarray(chunk * perChunk, (chunk + 1) * perChunk);
    const isLast = chunk === chunks - 1;
    const inside = isLast ? LAST : MIDDLE;
    const first = isLast ? FULL : FIRST;
    view.setUint16(at + 4, payload.length, true);
    log[at + 6] = chunk === 0 ? first : inside;
    log.set(payload, at + HEADER_BYTES);
    const end = at + HEADER_BYTES + payload.length;
    view.setUint32(at, maskedChecksum(log.subarray(at + 6, end)), true);
  }
  return log;
}
