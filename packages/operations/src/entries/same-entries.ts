// Whether two views hold the same entries.
import { equalBytes, type Span } from '@sstitch/contract';
import { EntryCursor } from './entry-cursor.js';
import type { ReadView } from './entry-pages.js';

/** Whether some spans hold the same entries in both views, to the byte. Reads up to the first difference. */
export async function holdSameEntries(
  a: ReadView,
  b: ReadView,
  spans: readonly Span[],
): Promise<boolean> {
  const cursors = [new EntryCursor(a, spans), new EntryCursor(b, spans)] as const;
  const [first, second] = cursors;
  try {
    for (;;) {
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
