/*
 * A cursor is a place between two entries of a list, as text that outlives the process:
 *
 *   text      base64url of version flags list key checksum
 *   version   u8, 1
 *   flags     u8: 1 backward, 2 inclusive, 4 the list is reversed
 *   list      u16 big-endian: how many bytes of the key all entries of the list begin with
 *   key       of the entry at the cursor
 *   checksum  u32 big-endian, CRC-32 of all before it
 *
 * It says nothing of how many entries there are: entries may come and go on either side of it, that at the
 * cursor included. The key is not secret: it holds the sync's id and the record's.
 */
import { crc32 } from 'node:zlib';
import { equalBytes, type Span } from '@sstitch/contract';
import { RecordsError } from './errors.js';

const VERSION = 1;
const BACKWARD = 1;
const INCLUSIVE = 2;
const REVERSED = 4;
const HEADER_BYTES = 4;
const CHECKSUM_BYTES = 4;

/** The entries that share the bytes of `span.start`, in the order of their keys or the other way round. */
export interface ListOrder {
  readonly span: Span;
  readonly reverse: boolean;
}

/** Where to read from, and which way. */
export interface Place {
  readonly key: Uint8Array;
  /** Whether the entry at the key is to be read, too. */
  readonly inclusive: boolean;
  /** Against the order of the list. */
  readonly backward: boolean;
}

/** The cursor of a place in a list. */
export function formatCursor({ span, reverse }: ListOrder, place: Place): string {
  const { key, inclusive, backward } = place;
  const bytes = new Uint8Array(HEADER_BYTES + key.length + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(
    1,
    (backward ? BACKWARD : 0) | (inclusive ? INCLUSIVE : 0) | (reverse ? REVERSED : 0),
  );
  view.setUint16(2, span.start.length);
  bytes.set(key, HEADER_BYTES);
  const checked = bytes.subarray(0, -CHECKSUM_BYTES);
  view.setUint32(checked.length, crc32(checked));
  return Buffer.from(bytes.buffer).toString('base64url');
}

/**
 * The place of a cursor.
 *
 * @throws {@link RecordsError} SSTITCH_CURSOR_INVALID where the text is none, or is one of another list.
 */
export function parseCursor({ span, reverse }: ListOrder, cursor: string): Place {
  const bytes = decode(cursor);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const checked = bytes.subarray(0, -CHECKSUM_BYTES);
  if (crc32(checked) !== view.getUint32(checked.length) || view.getUint8(0) !== VERSION) {
    throw invalid('it is damaged, or no cursor of this version');
  }
  const flags = view.getUint8(1);
  // A copy: small Buffers lie in a pool.
  const key = Uint8Array.from(checked.subarray(HEADER_BYTES));
  const prefix = key.subarray(0, view.getUint16(2));
  if (!equalBytes(prefix, span.start) || (flags & REVERSED) !== (reverse ? REVERSED : 0)) {
    throw invalid('it is a cursor of another list');
  }
  return { key, inclusive: (flags & INCLUSIVE) !== 0, backward: (flags & BACKWARD) !== 0 };
}

function decode(cursor: string): Uint8Array {
  if (typeof cursor !== 'string') throw invalid('it is not a string');
  const bytes = Buffer.from(cursor, 'base64url');
  // What is not base64url was skipped, bits that do not make a byte were dropped.
  if (bytes.toString('base64url') !== cursor) throw invalid('it is not base64url');
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) throw invalid('it is too short');
  return bytes;
}

function invalid(problem: string): RecordsError {
  return new RecordsError('SSTITCH_CURSOR_INVALID', `the cursor cannot be used: ${problem}`);
}
