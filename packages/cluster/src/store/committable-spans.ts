// What a commit keeps of the spans that it replaces.
//
// Bounds stay in the state as those of pieces, and a fold writes them again, together with those of a run: a bound that is
// longer than any key would make it too large for a record. No key lies between such a bound and its first MAX_KEY_BYTES
// bytes with one zero more, so that these take its place.
import { joinTouchingSpans, keyAfter, type Span } from '@sstitch/contract';
import { ClusterError } from '../errors.js';
import type { RunRef } from '../log/edits.js';
import { encodeEdits } from '../log/record-format.js';
import { MAX_KEY_BYTES } from './limits.js';

/** A reference of the greatest length. */
const LONGEST_REFERENCE: RunRef = {
  id: '00000000-0000-0000-0000-000000000000',
  chunks: 2 ** 32 - 1,
  blocks: 2 ** 32 - 1,
  entries: Number.MAX_SAFE_INTEGER,
  bytes: Number.MAX_SAFE_INTEGER,
  first: new Uint8Array(MAX_KEY_BYTES),
  last: new Uint8Array(MAX_KEY_BYTES),
};

/**
 * Spans that hold the same keys: none is empty, none touch, no bound is longer than MAX_KEY_BYTES and one more.
 *
 * @param spans sorted and disjoint
 * @throws ClusterError SSTITCH_TOO_LARGE if no commit holds them together with a run
 */
export function committableSpans(spans: readonly Span[]): Span[] {
  const joined = joinTouchingSpans(
    spans.map(({ start, end }) => ({ start: shortened(start), end: end && shortened(end) })),
  );
  try {
    encodeEdits([{ type: 'replace', spans: joined, run: LONGEST_REFERENCE }]);
  } catch (cause) {
    if (!(cause instanceof ClusterError) || cause.code !== 'SSTITCH_TOO_LARGE') throw cause;
    const message = `the bounds of ${joined.length} spans are more than one commit holds, about 1 MB in total: replace fewer spans at a time`;
    throw new ClusterError('SSTITCH_TOO_LARGE', message, { cause });
  }
  return joined;
}

/** The bound with the same keys below it: no key is longer than MAX_KEY_BYTES. */
function shortened(bound: Uint8Array): Uint8Array {
  return bound.length <= MAX_KEY_BYTES ? bound : keyAfter(bound.subarray(0, MAX_KEY_BYTES));
}
