// LevelDB's log format (doc/log_format.md), used by logs and MANIFESTs.
//
//   file     := block*                     of 32,768 bytes; the last may be shorter
//   block    := fragment* trailer?         the trailer is less than 7 bytes of zeros
//   fragment := checksum u32le  length u16le  type u8  data
//   type     := 1 full, 2 first, 3 middle, 4 last
//   checksum  = masked CRC-32C of type and data
//
// A record is one full fragment, or a first, any number of middle and a last fragment.
//
// LevelDB does not distinguish a log that a crash cut short from a damaged one: it silently drops what it cannot read.
// Here, the following ends are what a crash leaves:
// - the file ends in the middle of a record;
// - the file ends in zeros, which a file system leaves where it lost the last pages;
// - with `lastMayBeBroken`, anything that no sound fragment follows: a power cut loses pages that were not fsynced in
//   any order, even within the last record. A flipped bit in a log's last record looks the same.
// Everything else is damage, since records that were acknowledged, and perhaps fsynced, follow it.
import { maskedChecksum } from '@sstitch/sst/file-format';
import { EngineError } from '../errors.js';
import { type LogSource, memorySource } from './log-source.js';

export const LOG_BLOCK_SIZE_BYTES = 32_768;
export const LOG_HEADER_SIZE_BYTES = 7;

export const FULL = 1;
export const FIRST = 2;
const MIDDLE = 3;
export const LAST = 4;

/** A sound fragment. */
export interface LogFragment {
  readonly type: number;
  /** Valid until the next fragment is read, unless the source is memory. */
  readonly data: Uint8Array;
  readonly offset: number;
}

export interface FragmentOptions {
  /** See the top of this file. False for a MANIFEST, which LevelDB fsyncs after each record. */
  readonly lastMayBeBroken: boolean;
  /** The offset of the record to start at. @defaultValue 0 */
  readonly from?: number;
}

/**
 * Yields the fragments of a log in order, and checks that they form records.
 *
 * @returns the offset at which an end that a crash left begins, or undefined if the log ends with a complete fragment
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function* readLogFragments(
  source: LogSource,
  path: string,
  { lastMayBeBroken, from = 0 }: FragmentOptions,
): Generator<LogFragment, number | undefined, undefined> {
  const { sizeBytes } = source;
  const corrupt = (message: string, offset: number) =>
    new EngineError('SSTITCH_STORE_CORRUPT', message, { path, offset });
  let isInside = false;
  let isEmpty = true;
  const first = from - (from % LOG_BLOCK_SIZE_BYTES);
  for (let start = first; start < sizeBytes; start += LOG_BLOCK_SIZE_BYTES) {
    const block = source.block(start);
    for (let at = Math.max(0, from - start); LOG_BLOCK_SIZE_BYTES - at >= LOG_HEADER_SIZE_BYTES; ) {
      const offset = start + at;
      if (at === block.byteLength && offset === sizeBytes) return undefined;
      const fragment = parseFragment(block, at);
      if (typeof fragment === 'string') {
        if (fragment === CUT_SHORT) {
          if (hasWrongLength(block, at)) throw corrupt('a log record has a wrong length', offset);
          return offset;
        }
        if (fragment === ZEROS && isZeroFrom(source, offset)) return offset;
        if (lastMayBeBroken && !hasFragmentAfter(source, offset)) return offset;
        throw corrupt(fragment, offset);
      }
      const { type, data } = fragment;
      const begins = type === FULL || type === FIRST;
      // Old writers left an empty first fragment at the end of a block, which LevelDB skips.
      if (begins && isInside && !isEmpty)
        throw corrupt('a log record begins inside another', offset);
      if (!begins && !isInside) throw corrupt('a log record has no beginning', offset);
      isEmpty = (begins || isEmpty) && data.byteLength === 0;
      isInside = type === FIRST || type === MIDDLE;
      yield { type, data, offset };
      at += LOG_HEADER_SIZE_BYTES + data.byteLength;
    }
  }
  return undefined;
}

const CUT_SHORT = 'a log record is cut short';
const ZEROS = 'a log holds zeros where a record was';

/** Parses the fragment at a position of a block. Returns a message if there is no sound one. */
function parseFragment(
  block: Uint8Array,
  at: number,
): { readonly type: number; readonly data: Uint8Array } | string {
  if (at + LOG_HEADER_SIZE_BYTES > block.byteLength) return CUT_SHORT;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const checksum = view.getUint32(at, true);
  const length = view.getUint16(at + 4, true);
  const type = block[at + 6] ?? 0;
  if (type === 0 && length === 0 && checksum === 0) return ZEROS;
  const end = at + LOG_HEADER_SIZE_BYTES + length;
  // At the end of a file LevelDB takes this for an incomplete record, but no writer makes such a length.
  if (end > LOG_BLOCK_SIZE_BYTES) return 'a log record crosses its block';
  if (end > block.byteLength) return CUT_SHORT;
  if (maskedChecksum(block.subarray(at + 6, end)) !== checksum) {
    return 'a log record fails its checksum';
  }
  if (type < FULL || type > LAST) return `a log record has the unknown type ${type}`;
  return { type, data: block.subarray(at + LOG_HEADER_SIZE_BYTES, end) };
}

/**
 * Whether a fragment that seems to reach beyond the file's end is complete and has only a wrong length: with a shorter
 * length its checksum matches. A crash leaves no such fragment.
 */
function hasWrongLength(block: Uint8Array, at: number): boolean {
  if (at + LOG_HEADER_SIZE_BYTES > block.byteLength) return false;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const checksum = view.getUint32(at, true);
  const start = at + LOG_HEADER_SIZE_BYTES;
  for (let end = start; end <= block.byteLength; end++) {
    if (maskedChecksum(block.subarray(start - 1, end)) === checksum) return true;
  }
  return false;
}

function isZeroFrom(source: LogSource, offset: number): boolean {
  for (const { block, at } of blocksFrom(source, offset)) {
    if (block.subarray(at).some((byte) => byte !== 0)) return false;
  }
  return true;
}

/** Whether there is a sound fragment at any position after `offset`. */
function hasFragmentAfter(source: LogSource, offset: number): boolean {
  for (const { block, at } of blocksFrom(source, offset + 1)) {
    for (let next = at; next + LOG_HEADER_SIZE_BYTES < block.byteLength; next++) {
      const type = block[next + 6] ?? 0;
      if (type < FULL || type > LAST) continue;
      if (typeof parseFragment(block, next) !== 'string') return true;
    }
  }
  return false;
}

function* blocksFrom(source: LogSource, offset: number) {
  const first = offset - (offset % LOG_BLOCK_SIZE_BYTES);
  for (let start = first; start < source.sizeBytes; start += LOG_BLOCK_SIZE_BYTES) {
    yield { block: source.block(start), at: Math.max(0, offset - start) };
  }
}

/** A record and the offset of its first fragment. */
export interface LogRecord {
  readonly data: Uint8Array;
  readonly offset: number;
}

/**
 * Yields the records of a log in memory. It is for logs whose writer is alive, or that are fsynced after each record:
 * `lastMayBeBroken` is false.
 *
 * @returns the offset of an incomplete last record or of zeros at the end, or undefined if the log ends with a complete
 * record
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function* readLogRecords(
  bytes: Uint8Array,
  path: string,
): Generator<LogRecord, number | undefined, undefined> {
  const fragments = readLogFragments(memorySource(bytes), path, { lastMayBeBroken: false });
  let parts: Uint8Array[] = [];
  let partsOffset = -1;
  for (;;) {
    const next = fragments.next();
    if (next.done) return parts.length > 0 ? partsOffset : next.value;
    const { type, data, offset } = next.value;
    if (type === FULL || type === FIRST) {
      parts = [];
      partsOffset = offset;
    }
    parts.push(data);
    if (type !== FULL && type !== LAST) continue;
    yield { data: parts.length === 1 ? data : concatenate(parts), offset: partsOffset };
    parts = [];
  }
}

/** Returns the bytes of a log that holds the records. */
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
