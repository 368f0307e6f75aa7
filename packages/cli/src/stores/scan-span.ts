// Walks a range of keys in pages.
import {
  type ByteIteratorOptions,
  byteEncodings,
  type ReadableEngine,
  type Span,
} from '@sstitch/contract';

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

function boundsOf({ start, end }: Span): Partial<Pick<ByteIteratorOptions, 'gte' | 'lt'>> {
  return end === undefined ? { gte: start } : { gte: start, lt: end };
}
