import type { Span } from '@sstitch/contract';
import fc from 'fast-check';
import type { Edit, Group, LogRecord, RunRef } from '../src/log/edits.js';

const ids = fc.uuid();
const keys = fc.uint8Array({ maxLength: 6 });
const values = fc.uint8Array({ maxLength: 40 });
const numbers = fc.maxSafeNat();
const counts = fc.integer({ min: 1, max: 1_000_000 });

function compare(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

const runRefs: fc.Arbitrary<RunRef> = fc
  .record({
    id: ids,
    chunks: counts,
    more: counts,
    entries: counts,
    bytes: numbers,
    a: keys,
    b: keys,
  })
  .map(({ id, chunks, more, entries, bytes, a, b }) => {
    const [first = a, last = b] = [a, b].sort(compare);
    return { id, chunks, blocks: chunks + more, entries, bytes, first, last };
  });

/** Sorted, disjoint spans; the last may have no end. */
const spanLists: fc.Arbitrary<Span[]> = fc
  .tuple(fc.array(keys, { maxLength: 8 }), fc.boolean())
  .map(([bounds, isOpen]) => {
    const sorted = [...bounds].sort(compare);
    const spans: Span[] = [];
    for (let at = 0; at < sorted.length; at += 2) {
      const start = sorted[at] ?? new Uint8Array(0);
      const end = sorted[at + 1];
      if (end !== undefined || isOpen) spans.push({ start, end });
    }
    return spans;
  });

const operations = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key: keys, value: values }),
  fc.record({ type: fc.constant('del' as const), key: keys }),
);
const maybeRuns = fc.option(runRefs, { nil: undefined });
const versions = fc
  .tuple(numbers, numbers)
  .map(([a, b]) => (a < b ? [a, b] : [b, a]) as [number, number]);

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ type: fc.constant('write' as const), operations: fc.array(operations) }),
  fc.record({ type: fc.constant('run' as const), run: runRefs }),
  fc.record({ type: fc.constant('replace' as const), spans: spanLists, run: maybeRuns }),
  fc
    .tuple(maybeRuns, versions)
    .map(([run, [from, to]]) => ({ type: 'flush' as const, run, from, to })),
  fc
    .tuple(spanLists, fc.oneof(maybeRuns, fc.constant('kept' as const)), numbers)
    .filter(([spans]) => spans.length > 0)
    .map(([[span], run, to]) => ({ type: 'fold' as const, span: span as Span, run, to })),
  fc.record({ type: fc.constant('merge' as const), runs: fc.array(ids), run: maybeRuns }),
  fc.record({ type: fc.constant('dropped' as const), runs: fc.array(ids) }),
  fc.constant({ type: 'join' as const }),
  fc.record({ type: fc.constant('abort' as const), owners: fc.array(ids) }),
);

export const groups: fc.Arbitrary<Group> = fc.record({
  id: ids,
  owner: ids,
  base: numbers,
  edits: fc.array(edits, { maxLength: 8 }),
});

export const records: fc.Arbitrary<LogRecord> = fc.record({
  groups: fc.array(groups, { maxLength: 5 }),
});
