// A write batch: one record of a WAL (Pebble's batchrepr).
//
//   sequence  uint64: of the first entry
//   count     uint32
//   count entries:
//     kind    1 byte
//     key     byte string
//     value   byte string; not for DEL, SINGLEDEL, log data and ingests
//
// Entry i has the sequence number of the batch plus i; log data is not an entry. The value of a range deletion
// is its end, that of a sized deletion the size of what it deletes.
//
// A flushable ingest, which ingests tables without waiting for a flush, is a batch of its own. The key of each
// of its entries is a table's number, a uvarint; the whole table has the sequence number of the entry. An
// excise may precede them; readers treat it as a range deletion.

import { ByteCursor } from '../encoding/byte-cursor.js';
import {
  DELETE_SIZED,
  EXCISE,
  INGEST_TABLE,
  LOG_DATA,
  POINT_ROLE,
  RANGE_DELETE,
  refusedKindName,
  SET,
  SET_WITH_DELETE,
} from '../encoding/entry-kind.js';
import { corrupt, type Location, unsupported } from '../errors.js';

export interface BatchEntry {
  readonly sequence: number;
  readonly kind: number;
  /** A view into the record. */
  readonly key: Uint8Array;
  /** A view into the record. */
  readonly value: Uint8Array;
}

const HEAD_BYTES = 12;
const NOTHING = new Uint8Array(0);
/** The kinds of entries that are not points. */
const OTHER_KINDS = new Set([RANGE_DELETE, INGEST_TABLE, EXCISE]);
const WITH_VALUE = new Set([SET, RANGE_DELETE, SET_WITH_DELETE, DELETE_SIZED, EXCISE]);

/** Yields the entries of a batch in order. */
export function* readBatch(record: Uint8Array, at: Location): Generator<BatchEntry, void> {
  if (record.length < HEAD_BYTES) throw corrupt('a write batch is truncated', at);
  const view = new DataView(record.buffer, record.byteOffset, HEAD_BYTES);
  const base = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  const count = view.getUint32(8, true);
  if (base + count > Number.MAX_SAFE_INTEGER) {
    throw unsupported('a write batch has a sequence above 2^53', at);
  }
  const cursor = new ByteCursor(record, 'a write batch', at, HEAD_BYTES);
  let index = 0;
  while (!cursor.atEnd) {
    const kind = cursor.byte();
    if (kind === LOG_DATA) {
      cursor.byteString();
      continue;
    }
    checkKind(kind, at);
    const key = cursor.byteString();
    const value = WITH_VALUE.has(kind) ? cursor.byteString() : NOTHING;
    yield { sequence: base + index, kind, key, value };
    index += 1;
  }
  if (index !== count) throw cursor.fault(`has ${index} entries, but claims ${count}`);
}

function checkKind(kind: number, at: Location): void {
  if (POINT_ROLE[kind] !== 0 || OTHER_KINDS.has(kind)) return;
  const name = refusedKindName(kind);
  if (name === undefined) throw corrupt(`a write batch has the unknown kind ${kind}`, at);
  throw unsupported(`a WAL has ${name}, which this package does not read`, at);
}
