import { ByteWriter, text } from './byte-writer.js';

export interface BatchItem {
  readonly kind: number;
  readonly key: string | Uint8Array;
  readonly value?: string;
}

/** Encodes a write batch; `count` may be set to a wrong value. */
export function encodeBatch(sequence: number, items: readonly BatchItem[], count?: number) {
  const LOG_DATA = 3;
  const counted = items.filter(({ kind }) => kind !== LOG_DATA).length;
  const writer = new ByteWriter().uint64(sequence).uint32(count ?? counted);
  for (const { kind, key, value } of items) {
    writer.byte(kind).byteString(typeof key === 'string' ? text(key) : key);
    if (value !== undefined) writer.byteString(text(value));
  }
  return writer.done();
}
