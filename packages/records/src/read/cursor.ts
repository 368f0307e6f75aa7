/*
 * A cursor is a position between two entries of a list, as text that outlives the process:
 *
 *   text      base64url of version flags list key checksum
 *   version   u8, 1
 *   flags     u8: 1 backward, 2 inclusive, 4 the list is reversed
 *   list      u16 big-endian: the length of the key prefix that all entries of the list share, at most FFFF
 *   key       the key of the entry at the cursor
 *   checksum  u32 big-endian, CRC-32 of everything before it
 *
 * It does not depend on the number of entries: entries may be added and removed on both sides, even the one at
 * the cursor. The key is not encrypted: it reveals the ids of the sync and the record.
 */
import { crc32 } from 'node:zlib';
import { equalBytes, type Span } from '@sstitch/contract';
import { RecordsError } from '../errors.js';

const VERSION = 1;
const BACKWARD = 1;
const INCLUSIVE = 2;
const REVERSED = 4;
const HEADER_BYTES = 4;
const CHECKSUM_BYTES = 4;
const MAX_PREFIX_LENGTH = 0xffff;

/** The entries whose keys begin with `span.start`, in key order or reversed. */
export interface ListOrder {
  /** The span to read. */
  readonly span: Span;
  /** Whether keys descend. */
  readonly reverse: boolean;
}

/** The position from which to read, and the direction. */
export interface Place {
  readonly key: Uint8Array;
  /** Whether to read the entry at the key too. */
  readonly inclusive: boolean;
  /** Whether to read against the order of the list. */
  readonly backward: boolean;
}

/** Formats the cursor of a position in a list. */
export function formatCursor({ span, reverse }: ListOrder, place: Place): string {
  const { key, inclusive, backward } = place;
  const bytes = new Uint8Array(HEADER_BYTES + key.length + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(
    1,
    (backward ? BACKWARD : 0) | (inclusive ? INCLUSIVE : 0) | (reverse ? REVERSED : 0),
  );
  view.setUint16(2, prefixLength(span));
  bytes.set(key, HEADER_BYTES);
  const checked = bytes.subarray(0, -CHECKSUM_BYTES);
  view.setUint32(checked.length, crc32(checked));
  return Buffer.from(bytes.buffer).toString('base64url');
}

/**
 * Parses a cursor.
 *
 * @throws {@link RecordsError} SSTITCH_CURSOR_INVALID if the text is not a cursor or belongs to another list.
 */
export function parseCursor({ span, reverse }: ListOrder, cursor: string): Place {
  const bytes = decode(cursor);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const checked = bytes.subarray(0, -CHECKSUM_BYTES);
  if (crc32(checked) !== view.getUint32(checked.length) || view.getUint8(0) !== VERSION) {
    throw invalid('it is damaged, or not a cursor of this version');
  }
  const flags = view.getUint8(1);
  // A copy, because small Buffers share a pool.
  const key = Uint8Array.from(checked.subarray(HEADER_BYTES));
  const isInSpan = equalBytes(key.subarray(0, span.start.length), span.start);
  const isOfList = isInSpan && view.getUint16(2) === prefixLength(span);
  if (!isOfList || (flags & REVERSED) !== (reverse ? REVERSED : 0)) {
    throw invalid('it belongs to another list');
  }
  return { key, inclusive: (flags & INCLUSIVE) !== 0, backward: (flags & BACKWARD) !== 0 };
}

function prefixLength({ start }: Span): number {
  return Math.min(start.length, MAX_PREFIX_LENGTH);
}

function decode(cursor: string): Uint8Array {
  if (typeof cursor !== 'string') throw invalid('it is not a string');
  const bytes = Buffer.from(cursor, 'base64url');
  // Buffer.from skips invalid characters and drops excess bits, so the result is encoded again and compared.
  if (bytes.toString('base64url') !== cursor) throw invalid('it is not base64url');
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) throw invalid('it is too short');
  return bytes;
}

function invalid(problem: string): RecordsError {
  return new RecordsError('SSTITCH_CURSOR_INVALID', `the cursor cannot be used: ${problem}`);
}
