import type { UnsortedEntries } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyStartOf, sortedOrder } from './sort-entries.js';

function pageOf(keys: readonly Uint8Array[]): UnsortedEntries {
  const parts: Buffer[] = [];
  const keyEnds = new Uint32Array(keys.length + 3);
  const ends = new Uint32Array(keys.length + 3);
  let end = 0;
  for (const [at, key] of keys.entries()) {
    const value = Buffer.alloc(at % 3, 0xee);
    parts.push(Buffer.from(key), value);
    keyEnds[at] = end + key.length;
    end += key.length + value.length;
    ends[at] = end;
  }
  const bytes = new Uint8Array(Buffer.concat([...parts, Buffer.alloc(10, 0xdd)]));
  return { prefix: Uint8Array.of(3), bytes, keyEnds, ends, count: keys.length };
}

function sortedKeys(page: UnsortedEntries): string[] {
  return [...sortedOrder(page)].map((entry) =>
    Buffer.from(page.bytes.subarray(keyStartOf(page, entry), page.keyEnds[entry])).toString('hex'),
  );
}

/** Keys that share many bytes, are prefixes of others, and are repeated. */
const keys = fc.array(
  fc
    .tuple(
      fc.constantFrom('', '\0', 'a', 'ab\0\0', 'abcdefgh', 'abcdefgh\xff\xff'),
      fc.array(fc.constantFrom(0x00, 0x01, 0x61, 0xff), { maxLength: 6 }),
    )
    .map(([head, tail]) => Uint8Array.from([...Buffer.from(head, 'latin1'), ...tail])),
  { maxLength: 400 },
);

describe('sorted entries', () => {
  test('are in the bytewise order of their keys, each once', () => {
    fc.assert(
      fc.property(keys, (unsorted) => {
        const wanted = unsorted.map((key) => Buffer.from(key)).sort(Buffer.compare);
        expect(sortedKeys(pageOf(unsorted))).toEqual(wanted.map((key) => key.toString('hex')));
        const order = sortedOrder(pageOf(unsorted));
        expect([...order].sort((a, b) => a - b)).toEqual(unsorted.map((_, at) => at));
      }),
    );
  });

  test('can be many, share long prefixes, and be in order already', () => {
    const many = Array.from({ length: 5000 }, (_, at) => {
      const number = (at * 7919) % 5000;
      return Buffer.from(`grant:group-${'0'.repeat(40)}:${String(number).padStart(7, '0')}`);
    });
    const wanted = many.toSorted(Buffer.compare);
    const hex = wanted.map((key) => key.toString('hex'));
    expect(sortedKeys(pageOf(many))).toEqual(hex);
    expect([...sortedOrder(pageOf(wanted))]).toEqual(wanted.map((_, at) => at));
    expect(sortedKeys(pageOf(many.map(() => Buffer.from('same'))))).toHaveLength(5000);
  });
});
