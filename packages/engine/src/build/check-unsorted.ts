// Checks packed, unsorted entries: their types in the calling thread, and their offsets in the worker thread.

import { describeValue, isBytes, type UnsortedEntries } from '@sstitch/contract';
import { EngineError } from '../errors.js';
import { notBytes } from '../not-bytes.js';

/** Checks the types of pages' members. @throws EngineError SSTITCH_ENTRIES_INVALID, which names the page */
export function checkUnsortedPages(pages: readonly UnsortedEntries[]): void {
  if (!Array.isArray(pages)) {
    throw invalid(`pages must be an array of pages, not ${describeValue(pages)}`);
  }
  for (const [index, page] of (pages as readonly Partial<UnsortedEntries>[]).entries()) {
    const problem = problemOf(page);
    if (problem !== undefined) throw invalid(`page ${index}: ${problem}`);
  }
}

function problemOf(page: Partial<UnsortedEntries> | undefined): string | undefined {
  if (typeof page !== 'object' || page === null) {
    return `a page must be an object with prefix, bytes, keyEnds, ends and count, not ${describeValue(page)}`;
  }
  const { prefix, bytes, keyEnds, ends, count } = page;
  if (!isBytes(prefix)) return notBytes('prefix', prefix);
  // Empty bytes are valid for a page without entries.
  if (!isBytes(bytes)) return notBytes('bytes', bytes);
  if (!(keyEnds instanceof Uint32Array)) {
    return `keyEnds must be a Uint32Array, not ${describeValue(keyEnds)}`;
  }
  if (!(ends instanceof Uint32Array)) {
    return `ends must be a Uint32Array, not ${describeValue(ends)}`;
  }
  const most = Math.min(keyEnds.length, ends.length);
  if (!Number.isSafeInteger(count) || (count as number) < 0 || (count as number) > most) {
    return `count must be an integer of at most ${most}, the length of keyEnds and ends, not ${String(count)}`;
  }
  return undefined;
}

/**
 * Checks that entries follow one another inside the page's bytes.
 *
 * @throws EngineError SSTITCH_ENTRIES_INVALID, which names the first entry that does not
 */
export function checkEnds({ bytes, keyEnds, ends, count }: UnsortedEntries): void {
  let before = 0;
  for (let entry = 0; entry < count; entry++) {
    const keyEnd = keyEnds[entry] as number;
    const end = ends[entry] as number;
    if (keyEnd < before || end < keyEnd || end > bytes.length) {
      throw invalid(
        `entry ${entry} of a page starts at ${before}, but its key ends at ${keyEnd} and its value at ${end} of ${bytes.length} bytes`,
      );
    }
    before = end;
  }
}

function invalid(message: string): EngineError {
  return new EngineError('SSTITCH_ENTRIES_INVALID', message);
}
