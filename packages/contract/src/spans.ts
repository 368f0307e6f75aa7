// Spans (half-open ranges of keys) and operations on them.
import { compareBytes } from './compare-bytes.js';

/** The keys from `start`, inclusive, to `end`, exclusive; without `end`, every key from `start` on. */
export interface Span {
  /** The first key that the span may hold; empty for a span from the first key on. */
  readonly start: Uint8Array;
  /** The first key after the span; undefined if the span has no upper bound. */
  readonly end: Uint8Array | undefined;
}

/** Whether `key` lies in `span`. */
export function spanContains(span: Span, key: Uint8Array): boolean {
  return (
    compareBytes(span.start, key) <= 0 &&
    (span.end === undefined || compareBytes(key, span.end) < 0)
  );
}

/** Whether `key` lies in one of `spans`, which must be sorted and disjoint. */
export function spansContain(spans: readonly Span[], key: Uint8Array): boolean {
  const span = firstEndingAfter(spans, key);
  return span !== undefined && compareBytes(span.start, key) <= 0;
}

/**
 * Whether some key of `span` lies in one of `spans`, which must be sorted and disjoint. None of them is empty.
 */
export function spansOverlapSpan(spans: readonly Span[], span: Span): boolean {
  const first = firstEndingAfter(spans, span.start);
  return first !== undefined && spansOverlap(first, span);
}

function firstEndingAfter(spans: readonly Span[], key: Uint8Array): Span | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const span = spans[middle];
    if (span === undefined) return undefined;
    if (span.end !== undefined && compareBytes(span.end, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return spans[low];
}

/** Whether some key lies in both spans, neither of which may be empty. */
export function spansOverlap(a: Span, b: Span): boolean {
  return (
    (b.end === undefined || compareBytes(a.start, b.end) < 0) &&
    (a.end === undefined || compareBytes(b.start, a.end) < 0)
  );
}

/** Whether both lists hold the same ranges in the same order. */
export function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  return a.length === b.length && a.every((span, index) => sameSpan(span, b[index]));
}

function sameSpan(a: Span, b: Span | undefined): boolean {
  if (b === undefined || compareBytes(a.start, b.start) !== 0) return false;
  if (a.end === undefined || b.end === undefined) return a.end === b.end;
  return compareBytes(a.end, b.end) === 0;
}

/** Says why spans are not sorted and disjoint; undefined if they are. Spans may touch, and may be empty. */
export function problemOfSpans(spans: readonly Span[]): string | undefined {
  let end: Uint8Array | undefined = new Uint8Array(0);
  for (const [index, span] of spans.entries()) {
    if (span.end !== undefined && compareBytes(span.start, span.end) > 0) {
      return `span ${index} ends before it starts`;
    }
    if (end === undefined || compareBytes(span.start, end) < 0) {
      return `span ${index} starts before the previous span ends`;
    }
    end = span.end;
  }
  return undefined;
}

/**
 * Covers the same keys with as few spans as possible: joins spans that touch or overlap and drops empty ones.
 * `spans` must be sorted by start.
 */
export function joinTouchingSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans) {
    if (span.end !== undefined && compareBytes(span.start, span.end) >= 0) continue;
    const last = merged.at(-1);
    if (last === undefined) {
      merged.push(span);
    } else if (last.end === undefined) {
      break;
    } else if (compareBytes(last.end, span.start) >= 0) {
      if (span.end === undefined || compareBytes(last.end, span.end) < 0) {
        merged[merged.length - 1] = { start: last.start, end: span.end };
      }
    } else {
      merged.push(span);
    }
  }
  return merged;
}

/**
 * The spans of all keys outside `spans`, sorted and disjoint.
 *
 * @param spans sorted and disjoint
 */
export function complementOfSpans(spans: readonly Span[]): Span[] {
  const outside: Span[] = [];
  let start: Uint8Array | undefined = new Uint8Array(0);
  for (const span of joinTouchingSpans(spans)) {
    if (start !== undefined && compareBytes(start, span.start) < 0) {
      outside.push({ start, end: span.start });
    }
    start = span.end;
  }
  if (start !== undefined) outside.push({ start, end: undefined });
  return outside;
}

/** The smallest key greater than `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.byteLength + 1);
  after.set(key);
  return after;
}

/** A copy of `spans` with `span` inserted; both are sorted by start. */
export function insertSpan(spans: readonly Span[], span: Span): Span[] {
  return [...spans, span].sort((a, b) => compareBytes(a.start, b.start));
}

/** The parts of `span` outside `hole`: none, one or two spans. */
export function subtractSpan(span: Span, hole: Span): Span[] {
  const parts: Span[] = [];
  if (compareBytes(span.start, hole.start) < 0) {
    const end =
      span.end !== undefined && compareBytes(span.end, hole.start) < 0 ? span.end : hole.start;
    parts.push({ start: span.start, end });
  }
  if (hole.end !== undefined && (span.end === undefined || compareBytes(hole.end, span.end) < 0)) {
    const start = compareBytes(span.start, hole.end) > 0 ? span.start : hole.end;
    parts.push({ start, end: span.end });
  }
  return parts;
}

/**
 * The parts of `span` outside `holes`.
 *
 * @param holes sorted and disjoint, each inside the span
 */
export function subtractSpans(span: Span, holes: readonly Span[]): Span[] {
  const parts: Span[] = [];
  let start = span.start;
  for (const hole of holes) {
    if (compareBytes(start, hole.start) < 0) parts.push({ start, end: hole.start });
    if (hole.end === undefined) return parts;
    start = hole.end;
  }
  if (span.end === undefined || compareBytes(start, span.end) < 0) {
    parts.push({ start, end: span.end });
  }
  return parts;
}
