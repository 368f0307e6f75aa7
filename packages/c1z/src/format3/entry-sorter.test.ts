import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareBytes } from '@sstitch/contract';
import type { Entry } from '@sstitch/pebble';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EntrySorter } from './entry-sorter.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'entry-sorter-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const hex = ({ key, value }: Entry) =>
  `${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`;

function sorted(entries: readonly Entry[], maxMemoryBytes: number): string[] {
  const sorter = new EntrySorter(directory, maxMemoryBytes);
  for (const { key, value } of entries) sorter.add(key, value);
  const found: Entry[] = [...sorter.sorted()];
  for (const [index, { key }] of found.entries()) {
    const before = found[index - 1]?.key ?? new Uint8Array(0);
    expect(compareBytes(before, key)).toBeLessThanOrEqual(0);
  }
  return found.map(hex);
}

describe('sorting entries', () => {
  test.each([
    ['in memory', 2 ** 20],
    ['with a run for every few entries', 200],
    ['with a run for each entry', 1],
  ])('returns all entries in key order, %s', (_, maxMemoryBytes) => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    // Few distinct keys, so that some are repeated.
    const key = fc.oneof(fc.uint8Array({ maxLength: 2, max: 2 }), bytes);
    const entries = fc.array(fc.record({ key, value: bytes }), { maxLength: 40 });
    fc.assert(
      fc.property(entries, (all) => {
        expect(sorted(all, maxMemoryBytes).sort()).toEqual(all.map(hex).sort());
        expect(readdirSync(directory)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('accepts entries larger than a buffer', () => {
    const large = (byte: number): Entry => ({
      key: Uint8Array.of(byte),
      value: new Uint8Array(700_000).fill(byte),
    });
    const entries = [large(3), large(1), large(2)];
    expect(sorted(entries, 1000)).toEqual([1, 2, 3].map((byte) => hex(large(byte))));
  });
});
