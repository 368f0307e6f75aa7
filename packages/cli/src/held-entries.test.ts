import { compareBytes } from '@sstitch/keys';
import type { Entry } from '@sstitch/records';
import { describe, expect, it } from 'vitest';
import { HeldEntries, repeatedKey } from './held-entries.js';

/** The same numbers below `limit` for the same seed. */
function numbersOf(seed: number): (limit: number) => number {
  let state = seed + 1;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
}

/** Keys that share much, end in zeros, are empty, and come twice. */
function entriesOf(seed: number): Entry[] {
  const next = numbersOf(seed);
  const heads = ['', '\x00', 'a', 'ab\x00\x00', 'abcdefgh', 'abcdefgh\xff\xff'];
  const bytes = [0x00, 0x01, 0x61, 0xff];
  const some = () =>
    Uint8Array.from([
      ...Buffer.from(heads[next(heads.length)] ?? '', 'latin1'),
      ...Array.from({ length: next(10) }, () => bytes[next(bytes.length)] ?? 0),
    ]);
  return Array.from({ length: next(40) }, () => ({ key: some(), value: some() }));
}

describe('entries held in one piece of memory', () => {
  it.each(Array.from({ length: 100 }, (_, seed) => seed))(
    'come in the order of their keys, each with its value, seed %i',
    (seed) => {
      const held = new HeldEntries();
      // The same memory serves again.
      for (const entries of [entriesOf(seed), entriesOf(seed + 1000)]) {
        held.clear();
        for (const entry of entries) held.add(entry);
        const order = held.sorted();
        const sorted = [...order].map((entry) => held.keyOf(entry));
        expect(sorted).toEqual(entries.map(({ key }) => key).sort(compareBytes));
        for (const entry of order) {
          const value = held.bytes.subarray(held.keyEnd(entry), held.valueEnd(entry));
          expect(value).toEqual(entries[entry]?.value);
        }
        const distinct = new Set(entries.map(({ key }) => Buffer.from(key).toString('hex')));
        expect(repeatedKey(held, order) === undefined).toBe(distinct.size === entries.length);
      }
    },
  );

  it('grow with what is put into them', () => {
    const held = new HeldEntries();
    const value = new Uint8Array(300).fill(7);
    for (let at = 0; at < 40_000; at++) {
      held.add({ key: Uint8Array.of(1, at >>> 8, at), value });
    }
    expect(held.count).toBe(40_000);
    expect(held.sizeBytes).toBe(40_000 * 303);
    const order = held.sorted();
    expect([...order]).toEqual(Array.from({ length: 40_000 }, (_, at) => at));
    expect(held.bytes.subarray(held.keyEnd(39_999), held.valueEnd(39_999))).toEqual(value);
  });
});
