// Reads a span in pages.
import {
  type ByteIteratorOptions,
  byteEncodings,
  type ReadableEngine,
  type Span,
} from '@sstitch/contract';

const PAGE_ENTRIES = 1000;

export interface ScanOptions {
  readonly signal?: AbortSignal;
  /** Whether to read values; without them every value is empty. @defaultValue true */
  readonly values?: boolean;
  /** The most entries to read. @defaultValue no limit */
  readonly limit?: number | undefined;
}

export type EntryPage = ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>;

/** Yields the entries of a span in pages. */
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

/** Counts the keys of a span. */
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
