// Spans: half-open ranges of user keys. Their one validation, at the public methods, and what is computed with them.
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
 * Copies spans, dropping none: an empty one (start equal to end) is legal and holds nothing.
 *
 * @throws EngineError SSTITCH_SPANS_INVALID when one is inverted, or they overlap or are out of order
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
    // A misspelt end would stand for all keys up to the last.
    if (!('end' in span)) throw invalid(index, 'has no end: where there is none, it is undefined');
    if (span.end !== undefined && !isBytes(span.end)) {
      throw invalid(index, `is wrong: ${notBytes('end', span.end)}`);
    }
    if (span.end !== undefined && compareBytes(span.start, span.end) > 0) {
      throw invalid(index, 'ends before it starts');
    }
    if (end === undefined || compareBytes(span.start, end) < 0) {
      throw invalid(index, 'begins before the one in front of it ends');
    }
    end = span.end;
    checked.push({
      // Uint8Array.from and not part, which for a Buffer is a view.
      start: Uint8Array.from(span.start),
      end: span.end === undefined ? undefined : Uint8Array.from(span.end),
    });
  }
  return checked;
}

/**
 * All keys that begin with a prefix: the keys of a sublevel are those of its `prefix`.
 *
 * @param prefix bytes, or a string, which stands for its UTF-8 bytes
 * @throws EngineError SSTITCH_SPANS_INVALID
 */
export function prefixSpan(prefix: string | Uint8Array): Span {
  const given: unknown = prefix;
  if (typeof given !== 'string' && !isBytes(given)) {
    throw new EngineError('SSTITCH_SPANS_INVALID', notBytes('prefix', given));
  }
  const start = Uint8Array.from(Buffer.from(prefix as string));
  // The last byte that can be raised, raised: what follows it only makes a prefix longer.
  const last = start.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return { start, end: undefined };
  const end = start.slice(0, last + 1);
  end[last] = (end[last] ?? 0) + 1;
  return { start, end };
}

function invalid(index: number, what: string): EngineError {
  return new EngineError('SSTITCH_SPANS_INVALID', `span ${index} ${what}`);
}

/** The spans, of sorted disjoint ones, that a table's bounds meet. Found by bisection: there may be thousands. */
export function spansOverlapping(spans: readonly Span[], table: KeyBounds): Span[] {
  const smallest = userKeyOf(table.smallest);
  const largest = userKeyOf(table.largest);
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const end = spans[middle]?.end;
    if (end !== undefined && compareBytes(end, smallest) <= 0) low = middle + 1;
    else high = middle;
  }
  const overlapping: Span[] = [];
  for (let index = low; index < spans.length; index++) {
    const span = spans[index];
    if (span === undefined || compareBytes(span.start, largest) > 0) break;
    overlapping.push(span);
  }
  return overlapping;
}

/** The ranges between the holes that can hold entries of the table, sorted. */
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
