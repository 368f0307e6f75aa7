// A write batch: one record of a log (LevelDB's db/write_batch.cc).
//
//   batch  := sequence u64le  count u32le  record*
//   record := 1  key  value       put
//           | 0  key              delete
//   key, value := varint32 length, bytes
import { EngineError } from '../errors.js';

const HEADER_BYTES = 12;
const PUT = 1;
const DELETE = 0;

export interface LoggedOperation {
  readonly type: 'put' | 'del';
  /** A view of the log's bytes, as is the value. */
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

/** The operations of one log record. `path` and `offset` only serve the error. */
export function* decodeWriteBatch(
  bytes: Uint8Array,
  path: string,
  offset: number,
): Generator<LoggedOperation> {
  const corrupt = (message: string) =>
    new EngineError('SSTITCH_STORE_CORRUPT', `a logged batch ${message}`, { path, offset });
  if (bytes.byteLength < HEADER_BYTES) throw corrupt('is too short');
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  let position = HEADER_BYTES;
  const part = (): Uint8Array => {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[position++];
      if (byte === undefined || shift > 28) throw corrupt('holds a broken length');
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const end = position + length;
    if (end > bytes.byteLength) throw corrupt('ends in the middle of a key or value');
    const view = bytes.subarray(position, end);
    position = end;
    return view;
  };
  for (let index = 0; index < count; index++) {
    const type = bytes[position++];
    if (type === PUT) {
      const key = part();
      yield { type: 'put', key, value: part() };
    } else if (type === DELETE) {
      yield { type: 'del', key: part() };
    } else {
      throw corrupt(`holds an operation of the unknown type ${type}`);
    }
  }
  if (position !== bytes.byteLength) throw corrupt('is longer than its count says');
}
