import {
  type ByteIteratorOptions,
  byteEncodings,
  type ReadableEngine,
  type Span,
} from '@sstitch/contract';
import { throwIfAborted } from './errors.js';

/** A view of one state of an engine; close it when done. */
export type EngineSnapshot = ReturnType<ReadableEngine['snapshot']>;

/** Entries a page at most; an engine may give fewer. */
export const PAGE_ENTRIES = 256;

/** What {@link scanPages} reads. */
export interface ScanOptions {
  readonly snapshot: EngineSnapshot;
  readonly signal?: AbortSignal | undefined;
  /** Read keys alone; the values given are then not to be looked at. @defaultValue true */
  readonly values?: boolean;
  /** @defaultValue false */
  readonly reverse?: boolean | undefined;
  /** Entries in all. @defaultValue no limit */
  readonly limit?: number | undefined;
  /** Only what comes after this key, in the direction of the scan. */
  readonly after?: Uint8Array | undefined;
}

/** The entries of a span, in pages: millions of entries cost few turns of the event loop. */
export async function* scanPages(
  engine: ReadableEngine,
  span: Span,
  options: ScanOptions,
): AsyncGenerator<ReadonlyArray<readonly [Uint8Array, Uint8Array]>, void, undefined> {
  throwIfAborted(options.signal);
  const iterator = engine.iterator({
    ...byteEncodings,
    ...bounds(span, options),
    snapshot: options.snapshot,
    reverse: options.reverse ?? false,
    limit: options.limit ?? -1,
    values: options.values ?? true,
  });
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_ENTRIES);
      if (page.length === 0) return;
      yield page;
      throwIfAborted(options.signal);
    }
  } finally {
    await iterator.close();
  }
}

/** Runs a read over the given snapshot, or over one of its own that is closed when the read ends. */
export async function* withSnapshot<T>(
  engine: ReadableEngine,
  given: EngineSnapshot | undefined,
  read: (snapshot: EngineSnapshot) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const snapshot = given ?? engine.snapshot();
  try {
    yield* read(snapshot);
  } finally {
    if (given === undefined) await snapshot.close();
  }
}

function bounds(
  span: Span,
  { after, reverse }: ScanOptions,
): Pick<ByteIteratorOptions, 'gt' | 'gte' | 'lt'> {
  const from = after !== undefined && !reverse ? { gt: after } : { gte: span.start };
  const to = after !== undefined && reverse ? after : span.end;
  return to === undefined ? from : { ...from, lt: to };
}
