import { ByteWriter } from './byte-writer.js';

/** A column: its type, and its bytes. */
type Column = readonly [type: number, bytes: Iterable<number>];

/** Encodes a columnar block. @param custom the bytes of the custom header */
export function encodeColumnarBlock(
  custom: Iterable<number>,
  rows: number,
  columns: readonly Column[],
): Uint8Array {
  const writer = new ByteWriter().raw(custom).byte(1).uint16(columns.length).uint32(rows);
  const parts = columns.map(([type, bytes]) => ({ type, bytes: [...bytes] }));
  let start = writer.length + 5 * columns.length;
  for (const { type, bytes } of parts) {
    writer.byte(type).uint32(start);
    start += bytes.length;
  }
  return writer
    .raw(...parts.map(({ bytes }) => bytes))
    .byte(0)
    .done();
}

/** A uint column of any number of values, all of them this one. */
export function sameNumbers(value: number): Uint8Array {
  return new ByteWriter().byte(0x80).uint64(value).done();
}
