import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { text } from '../../test/byte-writer.js';
import { PebbleError } from '../errors.js';
import { DeletionSweep } from './deletion-sweep.js';
import { MemoryBudget } from './memory-budget.js';

const keyOf = (index: number) => text(String(index).padStart(6, '0'));

describe('a sweep over range deletions', () => {
  it('returns for every key the highest sequence number that covers it', () => {
    const span = fc.record({
      start: fc.nat({ max: 50 }),
      length: fc.integer({ min: 1, max: 30 }),
      sequence: fc.nat({ max: 20 }),
    });
    const property = fc.property(fc.array(span), fc.integer({ min: 1, max: 7 }), (spans, step) => {
      const sweep = new DeletionSweep(1000, new MemoryBudget(2 ** 20));
      for (const { start, length, sequence } of spans) {
        sweep.add({ start: keyOf(start), end: keyOf(start + length), sequence });
      }
      for (let at = 0; at < 90; at += step) {
        const covering = spans.filter(({ start, length }) => start <= at && at < start + length);
        const expected = Math.max(-1, ...covering.map(({ sequence }) => sequence));
        const key = keyOf(at);
        expect(sweep.coveringSequence(key, key.length)).toBe(expected);
      }
    });
    fc.assert(property);
  });

  it('counts only deletions that cover the key against the limit', () => {
    const sweep = new DeletionSweep(10, new MemoryBudget(2 ** 30));
    const all = { start: keyOf(0), end: keyOf(900_000), sequence: 1_000_000 };
    sweep.add(all);
    for (let at = 0; at < 10_000; at += 1) {
      sweep.add({ start: keyOf(at), end: keyOf(at + 1), sequence: at });
      expect(sweep.coveringSequence(keyOf(at), 6)).toBe(all.sequence);
    }
    const reach = () => {
      for (let at = 10_000; at < 20_000; at += 1) sweep.add({ ...all, start: keyOf(at) });
      return sweep.coveringSequence(keyOf(20_000), 6);
    };
    expect(reach).toThrow(PebbleError);
    expect(reach).toThrow('maxRangeDeletions');
  });
});
