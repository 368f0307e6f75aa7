// Half-open ranges of keys.

import { compareBytes } from '@sstitch/contract';
import type { LiveTable } from '../manifest/read-manifest.js';
import type { RangeDeletion } from '../table/range-deletions.js';

/** The keys from `start`, inclusive, to `end`, exclusive; without `end`, every key from `start` on. */
export interface KeyRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array | undefined;
}

/** Whether the table may hold points of the range, or deletions that cover some. */
export function tableOverlaps(table: LiveTable, range: KeyRange): boolean {
  if (table.largest !== undefined) {
    const order = compareBytes(table.largest, range.start);
    const endsBefore = table.largestIsExclusive ? order <= 0 : order < 0;
    if (endsBefore) return false;
  }
  return range.end === undefined || compareBytes(table.smallest, range.end) < 0;
}

export function deletionOverlaps(deletion: RangeDeletion, range: KeyRange): boolean {
  return (
    compareBytes(deletion.end, range.start) > 0 &&
    (range.end === undefined || compareBytes(deletion.start, range.end) < 0)
  );
}
