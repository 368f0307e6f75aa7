// Finds entries of a table outside given spans.
import { compareBytes, type Span } from '@sstitch/contract';
import { seekKeyOf, TRAILER_BYTES, userKeyOf } from '../encoding/internal-key.js';
import type { TableReader } from './table-reader.js';

/**
 * Reports whether a table has entries outside the spans, which are sorted and disjoint. A block that lies entirely in a
 * gap is found by the index and not read, because it may be damaged.
 */
export function hasEntriesOutside(reader: TableReader, spans: readonly Span[]): boolean {
  const { index } = reader.parts;
  const blockOf = (userKey: Uint8Array) =>
    index.find(seekKeyOf(userKey), userKey.length + TRAILER_BYTES);
  const entries = reader.iterator();
  let gapStart: Uint8Array | undefined = new Uint8Array(0);
  // The first block whose keys may all lie in the gap.
  let firstInGap = 0;
  for (const { start, end } of spans) {
    if (blockOf(start) > firstInGap) return true;
    entries.seekUserKey(gapStart);
    if (!entries.valid) return false;
    if (compareBytes(userKeyOf(entries.key), start) < 0) return true;
    if (end === undefined) return false;
    gapStart = end;
    // The block in which the span ends may hold keys of the span.
    firstInGap = blockOf(end) + 1;
  }
  if (firstInGap < index.blockCount) return true;
  entries.seekUserKey(gapStart);
  return entries.valid;
}
