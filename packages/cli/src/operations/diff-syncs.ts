// Compares a sync in two stores, bucket by bucket, by merging their entries. Skips ranges that are certainly
// equal, because both stores share the files of the tables there.
import {
  compareBytes,
  equalBytes,
  type ReadableEngine,
  type Span,
  spansOverlap,
  subtractSpans,
} from '@sstitch/contract';
import { type Bucket, type SyncSpan, syncSpans, syncSpansInKeyOrder } from '@sstitch/keys';
import type { ByteReader } from '../stores/open-store.js';
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
  /** Equal entries that were read on both sides, without skipped ones. */
  readonly unchanged: number;
}

export interface DiffOptions {
  readonly signal: AbortSignal;
  /** Called for each page of entries of the first store. */
  readonly onPage?: (bucketIndex: number, firstKey: Uint8Array) => Promise<void>;
  /** The spans to read of each bucket. @defaultValue the whole bucket */
  readonly unshared?: ReadonlyMap<Bucket, readonly Span[]>;
}

/** Returns the spans to read, by bucket, to compare a sync in two stores, after verifying their checksums in both. */
export async function checkedUnsharedSpans(
  before: ByteReader,
  after: ByteReader,
  syncId: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<Bucket, readonly Span[]>> {
  const inKeyOrder = syncSpansInKeyOrder(syncId);
  const spans = inKeyOrder.map(({ span }) => span);
  const shared = await before.sharedSpans(after, spans, { signal });
  const unshared = new Map(
    inKeyOrder.map(({ bucket, span }: SyncSpan) => [
      bucket,
      subtractSpans(
        span,
        shared.filter((each) => spansOverlap(each, span)),
      ),
    ]),
  );
  for (const reader of [before, after]) {
    await reader.verifySpans([...unshared.values()].flat(), { signal });
  }
  return unshared;
}

/** The difference of a sync in two stores, for each of its 13 buckets. */
export async function diffBuckets(
  before: ReadableEngine,
  after: ReadableEngine,
  syncId: string,
  { signal, onPage, unshared }: DiffOptions,
): Promise<BucketDifference[]> {
  const buckets: BucketDifference[] = [];
  for (const [bucketIndex, { bucket, span }] of syncSpans(syncId).entries()) {
    const difference = { added: 0, removed: 0, changed: 0, unchanged: 0 };
    const spans = unshared?.get(bucket) ?? [span];
    const left = entriesOf(pagesOf(before, spans, signal), (key) => onPage?.(bucketIndex, key));
    const right = entriesOf(pagesOf(after, spans, signal));
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

async function* pagesOf(
  engine: ReadableEngine,
  spans: readonly Span[],
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[], void, undefined> {
  for (const span of spans) yield* scanSpan(engine, span, { signal });
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
