// The ranges of abstract-level as spans.
import { compareBytes, keyAfter, type Span } from '@sstitch/contract';

/** A range as abstract-level passes it to an implementation: encoded. */
export interface EncodedRange {
  readonly gt?: Uint8Array;
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly reverse: boolean;
  /** -1 for none. */
  readonly limit: number;
}

/** The keys of a range. As in Level, `gte` wins over `gt`, and `lte` over `lt`. */
export function spanOfRange({ gt, gte, lt, lte }: EncodedRange): Span {
  const start = gte ?? (gt === undefined ? new Uint8Array(0) : keyAfter(gt));
  const end = lte === undefined ? lt : keyAfter(lte);
  return { start: new Uint8Array(start), end: end === undefined ? undefined : new Uint8Array(end) };
}

export function isEmptySpan({ start, end }: Span): boolean {
  return end !== undefined && compareBytes(start, end) >= 0;
}
