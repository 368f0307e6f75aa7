// The spans of several syncs.
import { compareBytes, type Span } from '@sstitch/contract';
import { syncSpansInKeyOrder } from '@sstitch/keys';

/** All spans of some syncs, in key order, as the engine takes them. */
export function spansOf(syncIds: readonly string[]): readonly Span[] {
  return syncIds
    .flatMap((syncId) => syncSpansInKeyOrder(syncId).map(({ span }) => span))
    .sort((a, b) => compareBytes(a.start, b.start));
}
