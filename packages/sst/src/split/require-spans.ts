import { compareBytes, problemOfSpans, type Span } from '@sstitch/contract';
import { SstError } from '../errors.js';

/** Checks that spans are not empty, sorted and disjoint. @throws SstError `SSTITCH_TABLE_OPTIONS` */
export function requireSpans(spans: readonly Span[]): void {
  const empty = spans.findIndex(
    ({ start, end }) => end !== undefined && compareBytes(start, end) === 0,
  );
  const problem = empty < 0 ? problemOfSpans(spans) : `span ${empty} is empty`;
  if (problem !== undefined) throw new SstError('SSTITCH_TABLE_OPTIONS', problem);
}
