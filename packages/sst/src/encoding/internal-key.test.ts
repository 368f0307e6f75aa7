import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { userKeys } from '../../test/arbitraries.js';
import { bytesOf } from '../../test/entries.js';
import {
  compareInternalKeys,
  MAX_SEQUENCE,
  makeInternalKey,
  seekKeyOf,
  sequenceNumberOf,
  sequenceOf,
  typeOf,
  userKeyOf,
} from './internal-key.js';

const types = fc.constantFrom('value' as const, 'deletion' as const);
const sequences = fc.bigInt(0n, MAX_SEQUENCE);

describe('an internal key', () => {
  it('is the user key, then type and sequence in little-endian order', () => {
    const key = makeInternalKey(bytesOf('key'), 0x0102030405n, 'value');
    expect(Buffer.from(key).toString('hex')).toBe('6b6579' + '01' + '05040302010000');
  });

  it('yields the parts that it was made from', () => {
    fc.assert(
      fc.property(userKeys, sequences, types, (userKey, sequence, type) => {
        const key = makeInternalKey(userKey, sequence, type);
        expect(userKeyOf(key)).toEqual(userKey);
        expect(sequenceOf(key)).toBe(sequence);
        expect(typeOf(key)).toBe(type);
      }),
    );
  });

  it('yields its sequence as a number that is exact below 2^53', () => {
    fc.assert(
      fc.property(userKeys, fc.maxSafeNat(), types, (userKey, sequence, type) => {
        expect(sequenceNumberOf(makeInternalKey(userKey, sequence, type))).toBe(sequence);
      }),
    );
    expect(sequenceNumberOf(makeInternalKey(bytesOf(''), MAX_SEQUENCE, 'value'))).toBe(2 ** 56);
  });

  it('sorts by user key, then by descending sequence, then values before deletions', () => {
    const side = fc.tuple(userKeys, fc.oneof(sequences, fc.bigInt(0n, 3n)), types);
    fc.assert(
      fc.property(side, side, (a, b) => {
        const order =
          Buffer.compare(a[0], b[0]) ||
          Number(b[1] > a[1]) - Number(b[1] < a[1]) ||
          Number(b[2] === 'value') - Number(a[2] === 'value');
        const found = compareInternalKeys(makeInternalKey(...a), makeInternalKey(...b));
        expect(Math.sign(found)).toBe(order);
      }),
    );
  });

  it('for seeking sorts before all entries of its user key', () => {
    const key = bytesOf('key');
    const newest = makeInternalKey(key, MAX_SEQUENCE, 'deletion');
    expect(compareInternalKeys(seekKeyOf(key), newest)).toBeLessThan(0);
    expect(compareInternalKeys(seekKeyOf(key), makeInternalKey(bytesOf('kex'), 0, 'value'))).toBe(
      1,
    );
  });

  it.each([-1, 2n ** 56n, 1.5, Number.NaN])('with the sequence %s is refused', (sequence) => {
    const make = () => makeInternalKey(bytesOf('k'), sequence, 'value');
    expect(make).toThrow(/sequence/);
    expect(make).toThrow(expect.objectContaining({ code: 'SSTITCH_TABLE_OPTIONS' }));
  });

  it('is not made of a text, or of a type that is neither value nor deletion', () => {
    for (const [make, message] of [
      [() => makeInternalKey('text' as never, 1, 'value'), /Uint8Array, not a string/],
      [() => seekKeyOf('text' as never), /Uint8Array, not a string/],
      [() => makeInternalKey(bytesOf('k'), 1, 'put' as never), /type put/],
    ] as const) {
      expect(make).toThrow(message);
      expect(make).toThrow(expect.objectContaining({ code: 'SSTITCH_TABLE_OPTIONS' }));
    }
  });

  it('that is shorter than its trailer is refused', () => {
    expect(() => userKeyOf(bytesOf('1234567'))).toThrow(/7 bytes/);
    expect(() => compareInternalKeys(bytesOf('12345678'), bytesOf(''))).toThrow(/0 bytes/);
  });

  it('of an unknown type is refused', () => {
    expect(() => typeOf(bytesOf('\x02\0\0\0\0\0\0\0'))).toThrow(/unknown type 2/);
  });
});
