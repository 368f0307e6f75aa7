// Whether two views hold the same entries.
import { equalBytes, type Span } from '@sstitch/contract';
import { EntryCursor } from './entry-cursor.js';
import type { ReadView } from './entry-pages.js';

/** Entries between two calls of `onEqual`. */
const ENTRIES_PER_EVENT = 4096;

/**
 * Whether some spans hold the same entries in both views, to the byte. Reads up to the first difference.
 *
 * @param onEqual called from time to time with the number of entries that are equal so far
 */
export async function holdSameEntries(
  a: ReadView,
  b: ReadView,
  spans: readonly Span[],
  onEqual: (entries: number) => void,
): Promise<boolean> {
  const cursors = [new EntryCursor(a, spans), new EntryCursor(b, spans)] as const;
  const [first, second] = cursors;
  try {
    for (let equal = 0; ; equal++) {
      if (equal % ENTRIES_PER_EVENT === 0) onEqual(equal);
      if (first.needsPage) await first.fill();
      if (second.needsPage) await second.fill();
      const [one, other] = [first.entry, second.entry];
      if (one === undefined || other === undefined) return one === other;
      if (!equalBytes(one[0], other[0]) || !equalBytes(one[1], other[1])) return false;
      first.advance();
      second.advance();
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}
