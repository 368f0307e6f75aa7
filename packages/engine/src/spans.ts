// Spans are half-open ranges of user keys. The public methods validate them once, here; the rest of the engine relies
// on it.
import { compareBytes, describeValue, isBytes, keyAfter, type Span } from '@sstitch/contract';
import { userKeyOf } from '@sstitch/sst';
import { EngineError } from './errors.js';
import { notBytes } from './not-bytes.js';

/** The smallest and largest internal keys of a table. */
export interface KeyBounds {
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/**
 * Validates spans and returns a copy. An empty span (start equal to end) is valid and holds nothing.
 *
 * @throws EngineError SSTITCH_SPANS_INVALID if a span is inverted, or spans overlap or are out of order
 */
export function checkSpans(spans: readonly Span[]): Span[] {
  if (!Array.isArray(spans)) {
    throw new EngineError(
      'SSTITCH_SPANS_INVALID',
      `spans must be an array of { start, end }, not ${describeValue(spans)}`,
    );
  }
  const checked: Span[] = [];
  let end: Uint8Array | undefined = new Uint8Array(0);
  for (const [index, span] of (spans as readonly Span[]).entries()) {
    if (span?.start === undefined) throw invalid(index, 'has no start');
    if (!isBytes(span.start)) throw invalid(index, `is wrong: ${notBytes('start', span.start)}`);
    // A misspelt `end` would otherwise mean "unbounded".
    if (!('end' in span)) {
      throw invalid(index, 'has no end: for an unbounded span pass end: undefined');
    }
    if (span.end !== undefined && !isBytes(span.end)) {
      throw invalid(index, `is wrong: ${notBytes('end', span.end)}`);
    }
    if (span.end !== undefined && compareBytes(span.start, span.end) > 0) {
      throw invalid(index, 'ends before it starts');
    }
    if (end === undefined || compareBytes(span.start, end) < 0) {
      throw invalid(index, 'starts before the previous span ends');
    }
    end = span.end;
    checked.push({
      // Uint8Array.from copies; slice of a Buffer would return a view.
      start: Uint8Array.from(span.start),
      end: span.end === undefined ? undefined : Uint8Array.from(span.end),
    });
  }
  return checked;
}

/**
 * Returns the span of all keys that begin with a prefix. For a sublevel, pass its `prefix`.
 *
 * @param prefix bytes, or a string, which is encoded as UTF-8
 * @throws EngineError SSTITCH_SPANS_INVALID
 */
export function prefixSpan(prefix: string | Uint8Array): Span {
  const given: unknown = prefix;
  if (typeof given !== 'string' && !isBytes(given)) {
    throw new EngineError('SSTITCH_SPANS_INVALID', notBytes('prefix', given));
  }
  const start = Uint8Array.from(Buffer.from(prefix as string));
  // The end is the prefix up to the last byte below 0xff, with that byte incremented.
  const last = start.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return { start, end: undefined };
  const end = start.slice(0, last + 1);
  end[last] = (end[last] ?? 0) + 1;
  return { start, end };
}

function invalid(index: number, what: string): EngineError {
  return new EngineError('SSTITCH_SPANS_INVALID', `span ${index} ${what}`);
}

/** Returns the index of the first span that ends after a key, by binary search. The spans are sorted and disjoint. */
export function indexOfSpanReaching(spans: readonly Span[], key: Uint8Array): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const end = spans[middle]?.end;
    if (end !== undefined && compareBytes(end, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the spans that overlap a table's bounds. The spans are sorted and disjoint. */
export function spansOverlapping(spans: readonly Span[], table: KeyBounds): Span[] {
  const smallest = userKeyOf(table.smallest);
  const largest = userKeyOf(table.largest);
  const overlapping: Span[] = [];
  for (let index = indexOfSpanReaching(spans, smallest); index < spans.length; index++) {
    const span = spans[index];
    if (span === undefined || compareBytes(span.start, largest) > 0) break;
    overlapping.push(span);
  }
  return overlapping;
}

/** Returns the ranges of a table's bounds that lie outside the sorted, disjoint holes, in order. */
export function rangesOutside(holes: readonly Span[], table: KeyBounds): Span[] {
  const smallest = userKeyOf(table.smallest);
  const afterLargest = keyAfter(userKeyOf(table.largest));
  const ranges: Span[] = [];
  let start: Uint8Array | undefined = smallest;
  for (const hole of holes) {
    if (start !== undefined && compareBytes(start, hole.start) < 0) {
      ranges.push({ start, end: hole.start });
    }
    start = hole.end;
    if (start === undefined) break;
  }
  if (start !== undefined && compareBytes(start, afterLargest) < 0) {
    ranges.push({ start, end: afterLargest });
  }
  return ranges;
}
