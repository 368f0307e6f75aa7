// Reads a span in pages.
import {
  boundsOf,
  type EngineSnapshot,
  type EntryPage,
  type ReadableEngine,
  readPages,
  type Span,
} from '@sstitch/contract';

export interface ScanOptions {
  /** Read this state of the engine. @defaultValue the state at the first read */
  readonly snapshot?: EngineSnapshot;
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
  { snapshot, signal, values = true, limit = -1 }: ScanOptions = {},
): AsyncGenerator<EntryPage, void, undefined> {
  const read = { ...boundsOf(span), values, limit, ...(snapshot && { snapshot }) };
  return readPages(engine, read, () => signal?.throwIfAborted());
}
