import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PART_BYTES, rowsOf, valuesOf } from './values-in-rows.js';

const LENGTHS = [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES];

it('a list of byte strings is what its rows hold', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...LENGTHS), { maxLength: 5 }), (lengths) => {
      const values = lengths.map((length, at) => new Uint8Array(length).fill(at + 1));
      const rows = [...rowsOf(values)];
      for (const { data } of rows) expect(data.length).toBeLessThanOrEqual(PART_BYTES);
      const found = valuesOf(rows);
      expect([...found.keys()]).toEqual(values.map((_, at) => at));
      for (const [at, value] of values.entries()) {
        expect(Buffer.compare(found.get(at) ?? Buffer.of(99), value)).toBe(0);
      }
    }),
    { numRuns: 30 },
  );
});

it('a string of which a row is missing is not found, and the others are', () => {
  const values = [1, 3 * PART_BYTES, 2].map((length) => new Uint8Array(length));
  const rows = [...rowsOf(values)];
  for (const part of [0, 1, 2]) {
    const fewer = rows.filter((row) => row.index !== 1 || row.part !== part);
    expect([...valuesOf(fewer).keys()]).toEqual([0, 2]);
  }
});
