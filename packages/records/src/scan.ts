import {
  type ByteIteratorOptions,
  byteEncodings,
  type EngineSnapshot,
  type ReadableEngine,
  type Span,
} from '@sstitch/contract';
import { throwIfAborted } from './errors.js';

/** Entries a page at most; an engine may give fewer. */
export const PAGE_ENTRIES = 256;

/** classic-level takes limits as 32 bits; no scan comes to the end of a greater one. */
const MAX_ENGINE_LIMIT = 2 ** 31 - 1;

/** Where a scan starts. */
export interface ScanStart {
  readonly key: Uint8Array;
  /** Whether the entry at the key is read, too. */
  readonly inclusive: boolean;
}

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
  /** Only what comes from here on, in the direction of the scan. @defaultValue all of the span */
  readonly from?: ScanStart | undefined;
}

/** Entries of a span, keys with values. */
export type EntryPage = ReadonlyArray<readonly [Uint8Array, Uint8Array]>;

/** The entries of a span, in pages: millions of entries cost few turns of the event loop. */
export async function* scanPages(
  engine: ReadableEngine,
  span: Span,
  options: ScanOptions,
): AsyncGenerator<EntryPage, void, undefined> {
  throwIfAborted(options.signal);
  const { limit = MAX_ENGINE_LIMIT } = options;
  const iterator = engine.iterator({
    ...byteEncodings,
    ...bounds(span, options),
    snapshot: options.snapshot,
    reverse: options.reverse ?? false,
    limit: limit < MAX_ENGINE_LIMIT ? limit : -1,
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

/** As {@link onSnapshot}, for a read that gives one thing after the other. */
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

/** Runs a read over the given snapshot, or over one of its own that is closed when the read ends. */
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

/**
 * A snapshot of an engine, once it is open. Alone of all reads, abstract-level's `snapshot` does not wait for an
 * opening that is under way.
 */
async function takeSnapshot(engine: ReadableEngine): Promise<EngineSnapshot> {
  if (engine.status === 'opening') await engine.getMany([], byteEncodings);
  return engine.snapshot();
}

/** How many entries a span holds. */
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
  { start, end }: Span,
  { from, reverse }: ScanOptions,
): Pick<ByteIteratorOptions, 'gt' | 'gte' | 'lt' | 'lte'> {
  const whole = end === undefined ? { gte: start } : { gte: start, lt: end };
  if (from === undefined) return whole;
  const { key, inclusive } = from;
  if (reverse) return inclusive ? { gte: start, lte: key } : { gte: start, lt: key };
  const lower = inclusive ? { gte: key } : { gt: key };
  return end === undefined ? lower : { ...lower, lt: end };
}
