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
 * A record that the file ends in the middle of, or zeros up to its end, are what a crash, or a writer
 * still at work, leaves: they end the log silently, as they do for LevelDB. Anything else that is
 * wrong is an error.
 *
 * @returns the offset at which such an end begins; undefined for a log that ends with a whole record
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function* readLogRecords(
  bytes: Uint8Array,
  path: string,
): Generator<LogRecord, number | undefined, undefined> {
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
    if (position + LOG_HEADER_SIZE_BYTES > bytes.byteLength) return position;
    const checksum = view.getUint32(position, true);
    const length = view.getUint16(position + 4, true);
    const type = view.getUint8(position + 6);
    if (type === 0 && length === 0 && checksum === 0) {
      // LevelDB would skip the rest of the block and go on: what was there is lost without a word.
      if (isZero(bytes.subarray(position))) return position;
      throw corrupt('a log holds zeros where a record was', position);
    }
    // At the end of a file LevelDB takes this for a record cut short; no writer makes such lengths.
    if (LOG_HEADER_SIZE_BYTES + length > blockLeft) {
      throw corrupt('a log record crosses its block', position);
    }
    const end = position + LOG_HEADER_SIZE_BYTES + length;
    if (end > bytes.byteLength) return position;
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
  return parts.length > 0 ? partsOffset : undefined;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/**
 * Whether a record that the file seems to end in is whole, and only its length wrong: with a shorter
 * one its checksum is right. A crash leaves no such record.
 *
 * @param offset what `readLogRecords` returned
 */
export function hasWrongLength(bytes: Uint8Array, offset: number): boolean {
  if (offset + LOG_HEADER_SIZE_BYTES > bytes.byteLength) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksum = view.getUint32(offset, true);
  const start = offset + LOG_HEADER_SIZE_BYTES;
  const limit = Math.min(bytes.byteLength, start + view.getUint16(offset + 4, true));
  for (let end = start; end <= limit; end++) {
    if (maskedChecksum(bytes.subarray(start - 1, end)) === checksum) return true;
  }
  return false;
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
