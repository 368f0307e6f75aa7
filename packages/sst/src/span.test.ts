import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spansOf, userKeys } from '../test/arbitraries.js';
import { bytesOf } from '../test/entries.js';
import { compareBytes } from './compare-bytes.js';
import { SstError } from './errors.js';
import {
  checkSpans,
  complementOfSpans,
  joinTouchingSpans,
  type Span,
  spanContains,
  spansOverlap,
} from './span.js';

const span = (start: string, end?: string): Span => ({
  start: bytesOf(start),
  end: end === undefined ? undefined : bytesOf(end),
});

describe('compareBytes', () => {
  it('orders as memcmp does, with a prefix first, for keys of any length', () => {
    const lengths = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(lengths, lengths, fc.nat(150), (a, b, shared) => {
        const prefix = new Uint8Array(shared).fill(7);
        const left = Buffer.concat([prefix, a]);
        const right = Buffer.concat([prefix, b]);
        expect(Math.sign(compareBytes(left, right))).toBe(Buffer.compare(left, right));
      }),
    );
  });
});

describe('a span', () => {
  it('holds its start and not its end', () => {
    expect(spanContains(span('b', 'd'), bytesOf('b'))).toBe(true);
    expect(spanContains(span('b', 'd'), bytesOf('c\xff\xff'))).toBe(true);
    expect(spanContains(span('b', 'd'), bytesOf('d'))).toBe(false);
    expect(spanContains(span('b', 'd'), bytesOf('a\xff'))).toBe(false);
  });

  it('without an end holds everything from its start on', () => {
    expect(spanContains(span('b'), bytesOf('\xff\xff\xff'))).toBe(true);
    expect(spanContains(span(''), bytesOf(''))).toBe(true);
  });

  it('overlaps another only if a key can lie in both', () => {
    expect(spansOverlap(span('a', 'c'), span('c', 'd'))).toBe(false);
    expect(spansOverlap(span('a', 'c\0'), span('c', 'd'))).toBe(true);
    expect(spansOverlap(span('a'), span('x', 'y'))).toBe(true);
    expect(spansOverlap(span('x', 'y'), span('a'))).toBe(true);
    expect(spansOverlap(span('x'), span('a', 'x'))).toBe(false);
  });
});

describe('checkSpans', () => {
  it.each([
    ['an empty span', [span('a', 'a')], /span 0 is empty/],
    ['an inverted span', [span('a', 'b'), span('d', 'c')], /span 1 is inverted/],
    ['an end that is a prefix of its start', [span('ab', 'a')], /inverted/],
    ['unsorted spans', [span('c', 'd'), span('a', 'b')], /span 1 starts at 0x61, before/],
    ['spans that overlap', [span('a', 'c'), span('b', 'd')], /span 1 starts/],
    ['a span behind one without an end', [span('a'), span('b', 'c')], /span 1 starts/],
  ])('refuses %s', (_name, spans, message) => {
    const check = () => checkSpans(spans);
    expect(check).toThrow(SstError);
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: 'SSTITCH_TABLE_OPTIONS' }));
  });

  it('accepts spans that touch, and joinTouchingSpans makes one of them', () => {
    const touching = [span('a', 'b'), span('b', 'c'), span('d', 'e'), span('e')];
    checkSpans(touching);
    expect(joinTouchingSpans(touching)).toEqual([span('a', 'c'), span('d')]);
  });
});

describe('complementOfSpans', () => {
  it('of nothing is everything, and of everything nothing', () => {
    expect(complementOfSpans([])).toEqual([span('')]);
    expect(complementOfSpans([span('')])).toEqual([]);
  });

  it('holds exactly the keys that the spans do not', () => {
    fc.assert(
      fc.property(spansOf(), fc.array(userKeys, { minLength: 1 }), (spans, keys) => {
        const outside = complementOfSpans(spans);
        checkSpans(outside);
        const bounds = spans.flatMap(({ start, end }) =>
          end === undefined ? [start] : [start, end],
        );
        for (const key of [...keys, ...bounds]) {
          const inside = spans.some((each) => spanContains(each, key));
          expect(outside.some((each) => spanContains(each, key))).toBe(!inside);
        }
      }),
    );
  });
});
