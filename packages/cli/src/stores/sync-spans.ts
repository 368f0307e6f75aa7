// Computes the spans of several syncs.
import { compareBytes, type Span } from '@sstitch/contract';
import { syncSpansInKeyOrder } from '@sstitch/keys';

/** Returns all spans of the syncs in key order, as the engine requires. */
export function spansOf(syncIds: readonly string[]): readonly Span[] {
  return syncIds
    .flatMap((syncId) => syncSpansInKeyOrder(syncId).map(({ span }) => span))
    .sort((a, b) => compareBytes(a.start, b.start));
}
