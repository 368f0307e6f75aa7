import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VarintReader, varintBytes, writeVarint } from './varint.js';

function encoded(value: number): Uint8Array {
  const target = new Uint8Array(10);
  return target.subarray(0, writeVarint(target, 0, value));
}

describe('a varint', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 32 - 1, 'ffffffff0f'],
    [2 ** 53 - 1, 'ffffffffffffff0f'],
  ])('of %i is %s, as in LevelDB', (value, bytes) => {
    expect(Buffer.from(encoded(value)).toString('hex')).toBe(bytes);
    expect(varintBytes(value)).toBe(bytes.length / 2);
  });

  it('is read back as the same value, up to its last byte', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array(), (value, following) => {
        const bytes = Buffer.concat([encoded(value), following]);
        const reader = new VarintReader();
        expect(reader.read64(bytes, bytes.length)).toBe(value);
        expect(reader.position).toBe(varintBytes(value));
        reader.position = 0;
        expect(reader.read32(bytes, bytes.length)).toBe(value < 2 ** 32 ? value : -1);
      }),
    );
  });

  it('that reaches beyond the limit is refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: 128, max: Number.MAX_SAFE_INTEGER }), (value) => {
        const bytes = encoded(value);
        expect(new VarintReader().read64(bytes, bytes.length - 1)).toBe(-1);
      }),
    );
  });

  it('of too many bytes, or above 2^53-1, is refused', () => {
    const reader = new VarintReader();
    expect(reader.read32(new Uint8Array(6).fill(0x80), 6)).toBe(-1);
    reader.position = 0;
    expect(reader.read64(new Uint8Array(11).fill(0x80), 11)).toBe(-1);
    reader.position = 0;
    expect(reader.read64(Uint8Array.from([...new Uint8Array(9).fill(0xff), 1]), 10)).toBe(-1);
  });

  it('never moves the reader beyond the limit, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const reader = new VarintReader();
        const value = reader.read64(bytes, bytes.length);
        expect(reader.position).toBeLessThanOrEqual(bytes.length);
        expect(value === -1 || Number.isSafeInteger(value)).toBe(true);
      }),
    );
  });
});
