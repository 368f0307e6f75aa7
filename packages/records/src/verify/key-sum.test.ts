import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeySum } from './key-sum.js';

const PREFIX_BYTES = 2;

// Keys of few bytes, so that sets differ in little.
const anyKeys = fc.uniqueArray(
  fc.array(fc.constantFrom(0, 1, 0xff), { maxLength: 3 }).map((bytes) => [7, 7, ...bytes].join()),
  { maxLength: 12 },
);

describe('the sum of the hashes of keys', () => {
  test('is zero for equal sets in any order', () => {
    fc.assert(
      fc.property(
        anyKeys.chain((keys) =>
          fc.tuple(fc.constant(keys), fc.shuffledSubarray(keys, { minLength: keys.length })),
        ),
        ([keys, shuffled]) => {
          expect(difference(keys, shuffled).isZero).toBe(true);
        },
      ),
    );
  });

  test('is not zero for different sets', () => {
    fc.assert(
      fc.property(anyKeys, anyKeys, (one, other) => {
        fc.pre([...one].sort().join(';') !== [...other].sort().join(';'));
        expect(difference(one, other).isZero).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  // Sums of hashes that do not mix their last byte are often equal then.
  test('is not zero if the ends of two keys are exchanged', () => {
    for (let byte = 0; byte < 255; byte++) {
      const keys = ['7,7,1,2,', '7,7,9,4,'].map((start) => (end: number) => `${start}${end}`);
      const [one = String, other = String] = keys;
      const [a, b] = [byte, byte + 1];
      expect(difference([one(a), other(b)], [one(b), other(a)]).isZero).toBe(false);
    }
  });
});

function difference(added: readonly string[], subtracted: readonly string[]): KeySum {
  const sum = new KeySum(PREFIX_BYTES);
  for (const key of added) sum.add(bytesOf(key));
  for (const key of subtracted) sum.subtract(bytesOf(key));
  return sum;
}

function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key.split(',').map(Number));
}
