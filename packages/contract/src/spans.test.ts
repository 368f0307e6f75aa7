import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from './compare-bytes.js';
import {
  complementOfSpans,
  joinTouchingSpans,
  keyAfter,
  problemOfSpans,
  type Span,
  spanContains,
  spansContain,
  spansOverlap,
  spansOverlapSpan,
  subtractSpan,
  subtractSpans,
} from './spans.js';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const span = (start: string, end?: string): Span => ({
  start: bytesOf(start),
  end: end === undefined ? undefined : bytesOf(end),
});

/** Short keys from a small alphabet, so that many of them are equal or share prefixes. */
const keys = fc
  .array(fc.constantFrom(0, 1, 0x61, 0x62, 0xff), { maxLength: 4 })
  .map((bytes) => Uint8Array.from(bytes));

/** Valid spans, some of which touch. */
const validSpans = fc
  .record({
    bounds: fc.uniqueArray(keys, {
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

describe('a span', () => {
  it('contains its start and not its end', () => {
    expect(spanContains(span('b', 'd'), bytesOf('b'))).toBe(true);
    expect(spanContains(span('b', 'd'), bytesOf('c\xff\xff'))).toBe(true);
    expect(spanContains(span('b', 'd'), bytesOf('d'))).toBe(false);
    expect(spanContains(span('b', 'd'), bytesOf('a\xff'))).toBe(false);
  });

  it('without an end contains every key from its start on', () => {
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

describe('problemOfSpans', () => {
  it.each([
    ['an inverted span', [span('a', 'b'), span('d', 'c')], /span 1 ends before it starts/],
    ['an end that is a prefix of its start', [span('ab', 'a')], /span 0 ends before it starts/],
    ['unsorted spans', [span('c', 'd'), span('a', 'b')], /span 1 starts before/],
    ['spans that overlap', [span('a', 'c'), span('b', 'd')], /span 1 starts before/],
    ['a span after one without an end', [span('a'), span('b', 'c')], /span 1 starts before/],
  ])('names %s', (_name, spans, problem) => {
    expect(problemOfSpans(spans)).toMatch(problem);
  });

  it('accepts spans that touch or are empty', () => {
    expect(problemOfSpans([span('a', 'b'), span('b', 'b'), span('b', 'c'), span('e')])).toBe(
      undefined,
    );
  });
});

describe('joinTouchingSpans', () => {
  it('joins spans that touch and drops empty ones', () => {
    const touching = [span('a', 'b'), span('b', 'c'), span('d', 'd'), span('d', 'e'), span('e')];
    expect(joinTouchingSpans(touching)).toEqual([span('a', 'c'), span('d')]);
  });
});

describe('complementOfSpans', () => {
  it('of no spans is everything, and of everything is no spans', () => {
    expect(complementOfSpans([])).toEqual([span('')]);
    expect(complementOfSpans([span('')])).toEqual([]);
  });

  it('contains exactly the keys that the spans do not', () => {
    fc.assert(
      fc.property(validSpans, fc.array(keys, { minLength: 1 }), (spans, tried) => {
        const outside = complementOfSpans(spans);
        expect(problemOfSpans(outside)).toBe(undefined);
        const bounds = spans.flatMap(({ start, end }) =>
          end === undefined ? [start] : [start, end],
        );
        for (const key of [...tried, ...bounds]) {
          const inside = spans.some((each) => spanContains(each, key));
          expect(outside.some((each) => spanContains(each, key))).toBe(!inside);
        }
      }),
    );
  });
});

describe('subtractSpans', () => {
  it('agrees with subtractSpan applied to each hole', () => {
    fc.assert(
      fc.property(validSpans, (holes) => {
        const whole = span('');
        let left = [whole];
        for (const hole of holes) left = left.flatMap((each) => subtractSpan(each, hole));
        const filled = (spans: readonly Span[]) => joinTouchingSpans(spans);
        expect(filled(subtractSpans(whole, holes))).toEqual(filled(left));
      }),
    );
  });
});

describe('spansOverlapSpan', () => {
  it('agrees with spansOverlap, span by span, where no span is empty', () => {
    fc.assert(
      fc.property(validSpans, validSpans, (given, others) => {
        const spans = joinTouchingSpans(given);
        for (const other of joinTouchingSpans(others)) {
          const overlaps = spans.some((span) => spansOverlap(span, other));
          expect(spansOverlapSpan(spans, other)).toBe(overlaps);
        }
      }),
    );
  });
});

describe('spansContain and subtractSpan', () => {
  it('agree with spanContains, key by key', () => {
    fc.assert(
      fc.property(validSpans, validSpans, keys, (spans, holes, key) => {
        for (const tried of [key, keyAfter(key)]) {
          const inside = spans.some((each) => spanContains(each, tried));
          expect(spansContain(spans, tried)).toBe(inside);
          const [from] = spans;
          const [hole] = holes;
          if (from === undefined || hole === undefined) continue;
          const left = subtractSpan(from, hole).some((each) => spanContains(each, tried));
          expect(left).toBe(spanContains(from, tried) && !spanContains(hole, tried));
        }
      }),
    );
  });
});
