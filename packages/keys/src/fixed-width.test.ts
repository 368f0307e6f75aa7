import { compareBytes } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../test/arbitraries.js';
import * as fixed from './fixed-width.js';
import { toHex } from './hex.js';

const codecs = [
  [
    'u32',
    fc.nat(0xffff_ffff).map(BigInt),
    (v: bigint) => fixed.encodeU32(Number(v)),
    (b: Uint8Array) => BigInt(fixed.decodeU32(b)),
  ],
  ['u64', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fixed.encodeU64, fixed.decodeU64],
  ['i64', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fixed.encodeI64, fixed.decodeI64],
] as const;

describe('a fixed-width value', () => {
  test.each(codecs)('of type %s round-trips and sorts as its bytes', (_, any, encode, decode) => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(decode(encode(a))).toBe(a);
        const order = a < b ? -1 : a > b ? 1 : 0;
        expect(Math.sign(compareBytes(encode(a), encode(b)))).toBe(order);
      }),
    );
  });

  test('has exactly the documented bytes', () => {
    expect(toHex(fixed.encodeU32(0x0102_0304))).toBe('01020304');
    expect(toHex(fixed.encodeU64(1n))).toBe('0000000000000001');
    expect(toHex(fixed.encodeI64(-1n))).toBe('7fffffffffffffff');
    expect(toHex(fixed.encodeI64(0n))).toBe('8000000000000000');
    expect(toHex(fixed.encodeBoolean(false))).toBe('26');
    expect(toHex(fixed.encodeBoolean(true))).toBe('27');
  });

  test('is read at an offset', () => {
    const bytes = Uint8Array.of(9, 0, 0, 0, 5, 0x27, 0x26);
    expect(fixed.decodeU32(bytes, 1)).toBe(5);
    expect(fixed.decodeBoolean(bytes, 5)).toBe(true);
    expect(fixed.decodeBoolean(bytes, 6)).toBe(false);
  });

  test.each([
    () => fixed.encodeU32(-1),
    () => fixed.encodeU32(2 ** 32),
    () => fixed.encodeU32(0.5),
    () => fixed.encodeU64(-1n),
    () => fixed.encodeU64(2n ** 64n),
    () => fixed.encodeI64(2n ** 63n),
    () => fixed.encodeI64(-(2n ** 63n) - 1n),
  ])('is refused out of range: %s', (encode) => {
    expect(codeOf(encode)).toBe('SSTITCH_KEY_ELEMENT_INVALID');
  });

  test.each([
    () => fixed.decodeU32(new Uint8Array(3)),
    () => fixed.decodeU64(new Uint8Array(8), 1),
    () => fixed.decodeI64(new Uint8Array(8), -1),
    () => fixed.decodeBoolean(Uint8Array.of(0x25)),
    () => fixed.decodeBoolean(new Uint8Array(0)),
  ])('is refused if truncated or unknown: %s', (decode) => {
    expect(codeOf(decode)).toBe('SSTITCH_KEY_MALFORMED');
  });
});
