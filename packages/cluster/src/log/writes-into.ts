// What edits write to. Flushes, merges and folds move entries, and write to nothing.
import { keyAfter, type Span, spansContain, spansOverlapSpan } from '@sstitch/contract';
import type { Edit, RunRef } from './edits.js';

/**
 * Whether some edit writes to a key of `spans`, apart from what runs of large batches write.
 *
 * @param spans sorted, disjoint, none empty
 */
export function writesInto(spans: readonly Span[], edits: readonly Edit[]): boolean {
  return edits.some((edit) => {
    if (edit.type === 'write') return edit.operations.some(({ key }) => spansContain(spans, key));
    if (edit.type === 'replace') return edit.spans.some((span) => spansOverlapSpan(spans, span));
    return false;
  });
}

/** The runs of large batches that may write to a key of `spans`, as their first and last keys allow it. */
export function runsAround(spans: readonly Span[], edits: readonly Edit[]): readonly RunRef[] {
  return edits.flatMap((edit) => {
    if (edit.type !== 'run') return [];
    const { first, last } = edit.run;
    return spansOverlapSpan(spans, { start: first, end: keyAfter(last) }) ? [edit.run] : [];
  });
}
