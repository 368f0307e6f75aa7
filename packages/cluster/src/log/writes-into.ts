// What edits write to. Flushes, merges and folds move entries, and write to nothing.
import { keyAfter, type Span, spansContain, spansOverlapSpan } from '@sstitch/contract';
import type { Edit } from './edits.js';

/**
 * Whether some edit may write to a key of `spans`. A run counts as one that writes to all keys from its first to its
 * last.
 *
 * @param spans sorted, disjoint, none empty
 */
export function writesInto(spans: readonly Span[], edits: readonly Edit[]): boolean {
  return spans.length > 0 && edits.some((edit) => editWritesInto(spans, edit));
}

function editWritesInto(spans: readonly Span[], edit: Edit): boolean {
  switch (edit.type) {
    case 'write':
      return edit.operations.some(({ key }) => spansContain(spans, key));
    case 'run':
      return spansOverlapSpan(spans, { start: edit.run.first, end: keyAfter(edit.run.last) });
    case 'replace':
      return edit.spans.some((span) => spansOverlapSpan(spans, span));
    default:
      return false;
  }
}
