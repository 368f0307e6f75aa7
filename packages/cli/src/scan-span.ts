// Walks a range of keys in pages.
import {
  type ByteIteratorOptions,
  byteEncodings,
  type ReadableEngine,
  type Span,
} from '@sstitch/contract';
import {
  BUCKETS,
  bucketSpan,
  formatSyncId,
  prefixSpan,
  SYNC_ID_LENGTH_BYTES,
  syncIdBytes,
} from '@sstitch/keys';

const PAGE_ENTRIES = 1000;

export interface ScanOptions {
  readonly signal?: AbortSignal;
  /** Read keys alone; values then come empty. @defaultValue true */
  readonly values?: boolean;
  /** Entries at most. @defaultValue no limit */
  readonly limit?: number | undefined;
}

export type EntryPage = ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>;

/** The entries of a span, in pages. */
export async function* scanSpan(
  engine: ReadableEngine,
  span: Span,
  options: ScanOptions = {},
): AsyncGenerator<EntryPage, void, undefined> {
  const iterator = engine.iterator({
    ...byteEncodings,
    ...boundsOf(span),
    values: options.values ?? true,
    limit: options.limit ?? -1,
  });
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      const page = await iterator.nextv(PAGE_ENTRIES);
      if (page.length === 0) return;
      yield page;
    }
  } finally {
    await iterator.close();
  }
}

/** How many keys a span holds. */
export async function countKeys(
  engine: ReadableEngine,
  span: Span,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for await (const page of scanSpan(engine, span, { signal, values: false })) count += page.length;
  return count;
}

/**
 * The ids of all syncs that have at least one key, in ascending order. Costs a few seeks a sync: of each
 * sync and bucket one key is read.
 */
export async function findSyncIds(
  engine: ReadableEngine,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const { bucket, prefix } of BUCKETS) {
    const whole = prefixSpan(prefix);
    let span: Span | undefined = whole;
    while (span !== undefined) {
      const key: Uint8Array | undefined = await firstKey(engine, span, signal);
      if (key === undefined) break;
      let start: Uint8Array | undefined;
      if (key.length < prefix.length + SYNC_ID_LENGTH_BYTES) {
        // No key of the layout: `verify` reports it. The next key there can be is one byte longer.
        start = new Uint8Array([...key, 0]);
      } else {
        const sync = syncIdBytes(key.slice(prefix.length, prefix.length + SYNC_ID_LENGTH_BYTES));
        found.add(formatSyncId(sync));
        start = bucketSpan(bucket, sync).end;
      }
      span = start === undefined ? undefined : { start, end: whole.end };
    }
  }
  return [...found].sort();
}

/** Whether any of the spans holds a key. */
export async function hasKeys(
  engine: ReadableEngine,
  spans: readonly Span[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const span of spans) {
    if ((await firstKey(engine, span, signal)) !== undefined) return true;
  }
  return false;
}

async function firstKey(
  engine: ReadableEngine,
  span: Span,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  for await (const page of scanSpan(engine, span, { signal, values: false, limit: 1 })) {
    const key = page[0]?.[0];
    // A plain copy: pages hand out Buffers, whose parts are views.
    return key === undefined ? undefined : new Uint8Array(key);
  }
  return undefined;
}

function boundsOf({ start, end }: Span): Partial<Pick<ByteIteratorOptions, 'gte' | 'lt'>> {
  return end === undefined ? { gte: start } : { gte: start, lt: end };
}
