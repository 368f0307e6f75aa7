import {
  type ByteEncodings,
  type ByteIteratorOptions,
  byteEncodings,
  type ReadableEngine,
} from './engine.js';
import type { Span } from './spans.js';

/** The most entries in a page; an engine may return fewer. */
const PAGE_ENTRIES = 512;
/** Bytes after which a page ends. LevelDB's own limit, 16 KiB, makes pages of some 70 records. */
const PAGE_BYTES = 262_144;

/** A page of entries: keys with values. */
export type EntryPage = ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>;

/** What to read: the options of `engine.iterator` without encodings. */
export type ReadPagesOptions = Omit<ByteIteratorOptions, keyof ByteEncodings | 'signal'>;

/** Returns the bounds of a span as options of an iterator. */
export function boundsOf({ start, end }: Span): Pick<ByteIteratorOptions, 'gte' | 'lt'> {
  return end === undefined ? { gte: start } : { gte: start, lt: end };
}

/**
 * Yields entries in pages, so that millions of entries take few turns of the event loop.
 *
 * @param check called before the first page and after each page; the read ends with the error that it throws
 */
export async function* readPages(
  engine: ReadableEngine,
  options: ReadPagesOptions,
  check: () => void = () => undefined,
): AsyncGenerator<EntryPage, void, undefined> {
  check();
  const iterator = engine.iterator({
    ...byteEncodings,
    highWaterMarkBytes: PAGE_BYTES,
    ...options,
  });
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_ENTRIES);
      if (page.length === 0) return;
      yield page;
      check();
    }
  } finally {
    await iterator.close();
  }
}
