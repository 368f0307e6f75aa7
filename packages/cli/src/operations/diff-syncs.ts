// Compares a sync in two stores, bucket by bucket, by merging their entries.
import { compareBytes, equalBytes, type ReadableEngine } from '@sstitch/contract';
import { type Bucket, syncSpans } from '@sstitch/keys';
import { scanSpan } from '../stores/scan-span.js';

type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** How the second store differs from the first. */
export interface Difference {
  added: number;
  removed: number;
  changed: number;
}

export interface BucketDifference extends Readonly<Difference> {
  readonly bucket: Bucket;
  readonly unchanged: number;
}

export interface DiffOptions {
  readonly signal: AbortSignal;
  /** Called for each page of entries of the first store. */
  readonly onPage?: (bucketIndex: number, bucket: Bucket, firstKey: Uint8Array) => Promise<void>;
}

/** The difference of a sync in two stores, for each of its 13 buckets. */
export async function diffBuckets(
  before: ReadableEngine,
  after: ReadableEngine,
  syncId: string,
  { signal, onPage }: DiffOptions,
): Promise<BucketDifference[]> {
  const buckets: BucketDifference[] = [];
  for (const [bucketIndex, { bucket, span }] of syncSpans(syncId).entries()) {
    const difference = { added: 0, removed: 0, changed: 0, unchanged: 0 };
    const left = entriesOf(scanSpan(before, span, { signal }), (key) =>
      onPage?.(bucketIndex, bucket, key),
    );
    const right = entriesOf(scanSpan(after, span, { signal }));
    let a = await left.next();
    let b = await right.next();
    while (!a.done || !b.done) {
      const order = a.done ? 1 : b.done ? -1 : compareBytes(a.value[0], b.value[0]);
      if (order < 0) difference.removed += 1;
      else if (order > 0) difference.added += 1;
      else if (!a.done && !b.done && equalBytes(a.value[1], b.value[1])) difference.unchanged += 1;
      else difference.changed += 1;
      if (order <= 0) a = await left.next();
      if (order >= 0) b = await right.next();
    }
    buckets.push({ bucket, ...difference });
  }
  return buckets;
}

async function* entriesOf(
  pages: AsyncIterable<readonly Entry[]>,
  onPage: (firstKey: Uint8Array) => Promise<void> | undefined = () => undefined,
): AsyncGenerator<Entry, void, undefined> {
  for await (const page of pages) {
    if (page[0] !== undefined) await onPage(page[0][0]);
    yield* page;
  }
}
