import {
  type ByteIteratorOptions,
  boundsOf,
  type EngineSnapshot,
  type EntryPage,
  type ReadableEngine,
  readPages,
  type Span,
  takeSnapshot,
} from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';

/** The largest limit to pass on: classic-level uses 32 bits, and no scan reads that many entries. */
const MAX_ENGINE_LIMIT = 2 ** 31 - 1;

/** The start of a scan. */
export interface ScanStart {
  readonly key: Uint8Array;
  /** Whether to read the entry at the key too. */
  readonly inclusive: boolean;
}

/** Options of {@link scanPages}. */
export interface ScanOptions {
  readonly snapshot: EngineSnapshot;
  readonly signal?: AbortSignal | undefined;
  /** Whether to read values; without them the returned values are meaningless. @defaultValue true */
  readonly values?: boolean;
  /** @defaultValue false */
  readonly reverse?: boolean | undefined;
  /** The most entries to read. @defaultValue no limit */
  readonly limit?: number | undefined;
  /** Where to start, in the direction of the scan. @defaultValue the start of the span */
  readonly from?: ScanStart | undefined;
}

/** Yields the entries of a span in pages. */
export function scanPages(
  engine: ReadableEngine,
  span: Span,
  options: ScanOptions,
): AsyncGenerator<EntryPage, void, undefined> {
  const { snapshot, signal, limit = MAX_ENGINE_LIMIT, reverse = false, values = true } = options;
  const read = {
    ...bounds(span, options),
    ...{ snapshot, reverse, values },
    limit: limit < MAX_ENGINE_LIMIT ? limit : -1,
  };
  return readPages(engine, read, () => throwIfAborted(signal));
}

/** Like {@link onSnapshot}, for a read that yields items. */
export async function* withSnapshot<T>(
  engine: ReadableEngine,
  given: EngineSnapshot | undefined,
  read: (snapshot: EngineSnapshot) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const snapshot = given ?? (await takeSnapshot(engine));
  try {
    yield* read(snapshot);
  } finally {
    if (given === undefined) await snapshot.close();
  }
}

/** Runs a read on the given snapshot, or on a new one that is closed when the read ends. */
export async function onSnapshot<T>(
  engine: ReadableEngine,
  given: EngineSnapshot | undefined,
  read: (snapshot: EngineSnapshot) => Promise<T>,
): Promise<T> {
  const snapshot = given ?? (await takeSnapshot(engine));
  try {
    return await read(snapshot);
  } finally {
    if (given === undefined) await snapshot.close();
  }
}

/** Counts the entries of a span. */
export async function countEntries(
  engine: ReadableEngine,
  span: Span,
  options: Pick<ScanOptions, 'snapshot' | 'signal'>,
): Promise<number> {
  let count = 0;
  for await (const page of scanPages(engine, span, { ...options, values: false })) {
    count += page.length;
  }
  return count;
}

function bounds(
  span: Span,
  { from, reverse }: ScanOptions,
): Pick<ByteIteratorOptions, 'gt' | 'gte' | 'lt' | 'lte'> {
  if (from === undefined) return boundsOf(span);
  const { start, end } = span;
  const { key, inclusive } = from;
  if (reverse) return inclusive ? { gte: start, lte: key } : { gte: start, lt: key };
  const lower = inclusive ? { gte: key } : { gt: key };
  return end === undefined ? lower : { ...lower, lt: end };
}
