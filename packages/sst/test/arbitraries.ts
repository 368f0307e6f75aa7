// Random keys, entries and spans for property tests. Keys are short and consist of few different bytes, so that
// prefixes, 00 and FF, and equal user keys are frequent.

import type { Span } from '@sstitch/contract';
import fc from 'fast-check';
import { compareBytes } from '../src/compare-bytes.js';
import {
  compareInternalKeys,
  type EntryType,
  makeInternalKey,
} from '../src/encoding/internal-key.js';
import { pseudoRandomBytes } from './entries.js';

export const userKeys: fc.Arbitrary<Uint8Array> = fc
  .array(fc.constantFrom(0x00, 0x01, 0x61, 0x62, 0xfe, 0xff), { maxLength: 5 })
  .map((bytes) => Uint8Array.from(bytes));

export interface Entry {
  readonly key: Uint8Array;
  readonly userKey: Uint8Array;
  readonly sequence: number;
  readonly type: EntryType;
  readonly value: Uint8Array;
}

/** Entries in table order, each with a unique sequence. */
export function entriesOf(maxLength = 120): fc.Arbitrary<Entry[]> {
  const entry = fc.record({
    userKey: userKeys,
    isDeletion: fc.nat(5).map((number) => number === 0),
    valueBytes: fc.oneof({ weight: 9, arbitrary: fc.nat(150) }, fc.nat(5000)),
    isRandom: fc.boolean(),
  });
  return fc.array(entry, { minLength: 1, maxLength }).map((drafts) =>
    drafts
      .map(({ userKey, isDeletion, valueBytes, isRandom }, index): Entry => {
        const type = isDeletion ? 'deletion' : 'value';
        const sequence = 1 + index * 3;
        const filler = isRandom ? pseudoRandomBytes(index, valueBytes) : new Uint8Array(valueBytes);
        const value = isDeletion ? new Uint8Array(0) : filler;
        return { key: makeInternalKey(userKey, sequence, type), userKey, sequence, type, value };
      })
      .sort((a, b) => compareInternalKeys(a.key, b.key)),
  );
}

/** Sorted, disjoint spans. Some touch, and the last may have no end. */
export function spansOf(): fc.Arbitrary<Span[]> {
  return fc
    .record({
      bounds: fc.uniqueArray(userKeys, {
        maxLength: 9,
        comparator: (a, b) => compareBytes(a, b) === 0,
      }),
      touching: fc.boolean(),
      isOpen: fc.boolean(),
    })
    .map(({ bounds, touching, isOpen }) => {
      const sorted = [...bounds].sort(compareBytes);
      const spans: Span[] = [];
      for (let index = 0; index < sorted.length; index += touching ? 1 : 2) {
        const start = sorted[index];
        const end = sorted[index + 1];
        if (start !== undefined && (end !== undefined || isOpen)) spans.push({ start, end });
      }
      return spans;
    });
}
