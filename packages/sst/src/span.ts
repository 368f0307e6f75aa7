// Ranges of user keys: half open, [start, end). An undefined end has no upper bound.

import { compareBytes } from './compare-bytes.js';
import { SstError } from './errors.js';

/** The user keys from `start` up to, and without, `end`; without an end, all from `start` on. */
export interface Span {
  readonly start: Uint8Array;
  readonly end: Uint8Array | undefined;
}

/** Is `userKey` in `span`? */
export function spanContains(span: Span, userKey: Uint8Array): boolean {
  return (
    compareBytes(span.start, userKey) <= 0 &&
    (span.end === undefined || compareBytes(userKey, span.end) < 0)
  );
}

/** Is there a user key that lies in both? */
export function spansOverlap(a: Span, b: Span): boolean {
  return (
    (b.end === undefined || compareBytes(a.start, b.end) < 0) &&
    (a.end === undefined || compareBytes(b.start, a.end) < 0)
  );
}

/**
 * Throws `SSTITCH_TABLE_OPTIONS` unless every span holds a key, and the spans are sorted and disjoint.
 * Spans that touch are allowed.
 */
export function checkSpans(spans: readonly Span[]): void {
  for (const [index, span] of spans.entries()) {
    if (span.end !== undefined && compareBytes(span.start, span.end) >= 0) {
      throw new SstError(
        'SSTITCH_TABLE_OPTIONS',
        `span ${index} is ${compareBytes(span.start, span.end) === 0 ? 'empty' : 'inverted'}: ` +
          `${hex(span.start)} to ${hex(span.end)}`,
      );
    }
    const previous = index === 0 ? undefined : spans[index - 1];
    if (previous === undefined) continue;
    if (previous.end === undefined || compareBytes(previous.end, span.start) > 0) {
      throw new SstError(
        'SSTITCH_TABLE_OPTIONS',
        `span ${index} starts at ${hex(span.start)}, before the end of the span in front of it`,
      );
    }
  }
}

/** The same keys in as few spans as can be: spans that touch become one. `spans` must be valid. */
export function joinTouchingSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last?.end !== undefined && compareBytes(last.end, span.start) === 0) {
      joined[joined.length - 1] = { start: last.start, end: span.end };
    } else {
      joined.push(span);
    }
  }
  return joined;
}

/**
 * Everything outside `spans`, sorted and disjoint.
 *
 * @param spans sorted and disjoint, else `SSTITCH_TABLE_OPTIONS`
 */
export function complementOfSpans(spans: readonly Span[]): Span[] {
  checkSpans(spans);
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

/** Bytes as people read them in a message; long ones are cut. */
export function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  return `0x${shown.toString('hex')}${bytes.length > 64 ? `… (${bytes.length} bytes)` : ''}`;
}
