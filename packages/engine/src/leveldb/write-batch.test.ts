import { describe, expect, test } from 'vitest';
import { BatchParser, decodeWriteBatch, type LoggedOperation } from './write-batch.js';

/** Sequence 7, three operations; the second has a value of 300 bytes. */
function batch(): Uint8Array {
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(7n, 0);
  header.writeUInt32LE(3, 8);
  const parts = [
    header,
    Buffer.from([1, 1, 0x61, 0]),
    Buffer.from([1, 2, 0x62, 0x62, 0xac, 0x02]),
    Buffer.alloc(300, 5),
    Buffer.from([0, 1, 0x63]),
  ];
  return Uint8Array.from(Buffer.concat(parts));
}

const EXPECTED = [
  ['put', 'a', 0],
  ['put', 'bb', 300],
  ['del', 'c', undefined],
];
const described = ({ type, key, value }: LoggedOperation) => [
  type,
  Buffer.from(key).toString(),
  value?.byteLength,
];

describe('a logged batch', () => {
  test('is parsed alike in any chunks, even if they are overwritten afterwards', () => {
    const bytes = batch();
    for (let split = 0; split <= bytes.length; split++) {
      const operations: unknown[] = [];
      const parser = new BatchParser('a.log', 0, (operation) => {
        operations.push(described(operation));
      });
      const piece = bytes.slice(0, split);
      parser.push(piece);
      piece.fill(0xff);
      parser.push(bytes.subarray(split));
      expect(parser.end()).toEqual({ sequence: 7, operations: 3 });
      expect(operations).toEqual(EXPECTED);
    }
  });

  test('yields views if it arrives in one chunk', () => {
    const bytes = batch();
    const operations = decodeWriteBatch(bytes, 'a.log', 0);
    expect(operations.map(described)).toEqual(EXPECTED);
    expect(operations[1]?.value?.buffer).toBe(bytes.buffer);
  });

  test('is refused if it is truncated, longer than its count, or holds an unknown operation', () => {
    const bytes = batch();
    const refusal = (mutated: Uint8Array) =>
      expect(() => decodeWriteBatch(mutated, 'a.log', 9)).toThrow(
        expect.objectContaining({ code: 'SSTITCH_STORE_CORRUPT', path: 'a.log', offset: 9 }),
      );
    for (let size = 0; size < bytes.length; size++) refusal(bytes.subarray(0, size));
    refusal(Buffer.concat([bytes, Buffer.from([0, 1, 0x64])]));
    const type = bytes.slice();
    type[12] = 2;
    refusal(type);
    const sequence = bytes.slice();
    sequence.fill(0xff, 0, 8);
    refusal(sequence);
    const length = bytes.slice();
    length.fill(0xff, 13, 19);
    refusal(length);
  });
});
