// Reads a span in pages.
import {
  boundsOf,
  type EntryPage,
  type ReadableEngine,
  readPages,
  type Span,
} from '@sstitch/contract';

export interface ScanOptions {
  readonly signal?: AbortSignal;
  /** Whether to read values; without them every value is empty. @defaultValue true */
  readonly values?: boolean;
  /** The most entries to read. @defaultValue no limit */
  readonly limit?: number | undefined;
}

/** Yields the entries of a span in pages. */
export function scanSpan(
  engine: ReadableEngine,
  span: Span,
  { signal, values = true, limit = -1 }: ScanOptions = {},
): AsyncGenerator<EntryPage, void, undefined> {
  return readPages(engine, { ...boundsOf(span), values, limit }, () => signal?.throwIfAborted());
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
