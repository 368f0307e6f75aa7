// LevelDB's log format (doc/log_format.md), used by logs and MANIFESTs.
//
//   file    := block*                     of 32,768 bytes; the last may be shorter
//   block   := record* trailer?           a trailer of under 7 bytes is zeros
//   record  := checksum u32le  length u16le  type u8  data
//   type    := 1 full, 2 first, 3 middle, 4 last
//   checksum = masked CRC-32C of type and data
import { maskedChecksum } from '@sstitch/sst';
import { EngineError } from '../errors.js';

export const LOG_BLOCK_SIZE_BYTES = 32_768;
export const LOG_HEADER_SIZE_BYTES = 7;

const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/** A logical record and the offset at which its first part begins. */
export interface LogRecord {
  readonly data: Uint8Array;
  readonly offset: number;
}

/**
 * The records of a log's bytes, in order.
 *
 * A record that the file ends in the middle of is what a crash, or a writer still at work, leaves:
 * it ends the log silently, as it does for LevelDB. Anything else that is wrong is an error.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function* readLogRecords(bytes: Uint8Array, path: string): Generator<LogRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  let parts: Uint8Array[] = [];
  let partsOffset = -1;
  const corrupt = (message: string, offset: number) =>
    new EngineError('SSTITCH_STORE_CORRUPT', message, { path, offset });

  while (position < bytes.byteLength) {
    const blockLeft = LOG_BLOCK_SIZE_BYTES - (position % LOG_BLOCK_SIZE_BYTES);
    if (blockLeft < LOG_HEADER_SIZE_BYTES) {
      position += blockLeft;
      continue;
    }
    if (position + LOG_HEADER_SIZE_BYTES > bytes.byteLength) return;
    const checksum = view.getUint32(position, true);
    const length = view.getUint16(position + 4, true);
    const type = view.getUint8(position + 6);
    if (type === 0 && length === 0 && checksum === 0) {
      // Zeros are what a preallocated, never written block holds; LevelDB skips the block too.
      position += blockLeft;
      continue;
    }
    if (LOG_HEADER_SIZE_BYTES + length > blockLeft) {
      if (position + LOG_HEADER_SIZE_BYTES + length > bytes.byteLength) return;
      throw corrupt('a log record crosses its block', position);
    }
    const end = position + LOG_HEADER_SIZE_BYTES + length;
    if (end > bytes.byteLength) return;
    if (maskedChecksum(bytes.subarray(position + 6, end)) !== checksum) {
      throw corrupt('a log record fails its checksum', position);
    }
    const data = bytes.subarray(position + LOG_HEADER_SIZE_BYTES, end);
    if (type === FULL) {
      if (parts.length > 0) throw corrupt('a log record begins inside another', position);
      yield { data, offset: position };
    } else if (type === FIRST) {
      if (parts.length > 0) throw corrupt('a log record begins inside another', position);
      parts = [data];
      partsOffset = position;
    } else if (type === MIDDLE || type === LAST) {
      if (parts.length === 0) throw corrupt('a log record has no beginning', position);
      parts.push(data);
      if (type === LAST) {
        yield { data: concatenate(parts), offset: partsOffset };
        parts = [];
      }
    } else {
      throw corrupt(`a log record has the unknown type ${type}`, position);
    }
    position = end;
  }
}

/** The bytes of a new log file that holds these records. */
export function writeLogRecords(records: readonly Uint8Array[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  let position = 0;
  for (const record of records) {
    let offset = 0;
    let begun = false;
    let ended = false;
    while (!ended) {
      const blockLeft = LOG_BLOCK_SIZE_BYTES - (position % LOG_BLOCK_SIZE_BYTES);
      if (blockLeft < LOG_HEADER_SIZE_BYTES) {
        chunks.push(new Uint8Array(blockLeft));
        position += blockLeft;
        continue;
      }
      const length = Math.min(record.byteLength - offset, blockLeft - LOG_HEADER_SIZE_BYTES);
      ended = offset + length === record.byteLength;
      const type = begun ? (ended ? LAST : MIDDLE) : ended ? FULL : FIRST;
      const chunk = new Uint8Array(LOG_HEADER_SIZE_BYTES + length);
      const view = new DataView(chunk.buffer);
      view.setUint16(4, length, true);
      view.setUint8(6, type);
      chunk.set(record.subarray(offset, offset + length), LOG_HEADER_SIZE_BYTES);
      view.setUint32(0, maskedChecksum(chunk.subarray(6)), true);
      chunks.push(chunk);
      position += chunk.byteLength;
      offset += length;
      begun = true;
    }
  }
  return concatenate(chunks);
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const chunk of chunks) size += chunk.byteLength;
  const all = new Uint8Array(size);
  let position = 0;
  for (const chunk of chunks) {
    all.set(chunk, position);
    position += chunk.byteLength;
  }
  return all;
}
