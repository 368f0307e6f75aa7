// Checks spans at the door, and copies them: the caller may reuse its buffers.
import { compareBytes, describeValue, isBytes, type Span } from '@sstitch/sst';
import { notBytes } from './check-arguments.js';
import { EngineError } from './errors.js';

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
      // Uint8Array.from and not slice, which for a Buffer is a view.
      start: Uint8Array.from(span.start),
      end: span.end === undefined ? undefined : Uint8Array.from(span.end),
    });
  }
  return checked;
}

function invalid(index: number, what: string): EngineError {
  return new EngineError('SSTITCH_SPANS_INVALID', `span ${index} ${what}`);
}

/** Whether both are the same ranges, in the same order. */
export function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  return a.length === b.length && a.every((span, index) => sameSpan(span, b[index]));
}

function sameSpan(a: Span, b: Span | undefined): boolean {
  if (b === undefined || compareBytes(a.start, b.start) !== 0) return false;
  if (a.end === undefined || b.end === undefined) return a.end === b.end;
  return compareBytes(a.end, b.end) === 0;
}

/** Whether a user key lies in one of sorted, disjoint spans. */
export function spansContain(spans: readonly Span[], key: Uint8Array): boolean {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const span = spans[middle];
    if (span === undefined) return false;
    if (span.end !== undefined && compareBytes(span.end, key) <= 0) low = middle + 1;
    else high = middle;
  }
  const span = spans[low];
  return span !== undefined && compareBytes(span.start, key) <= 0;
}
