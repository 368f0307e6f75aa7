// The entries of a replacement, from the caller's pages to those of a run: encoded, and checked before they are
// written.
import { compareBytes, describeValue, isBytes, type Span, spanContains } from '@sstitch/contract';
import { ClusterError, orAborted, throwIfAborted } from '../errors.js';
import { MAX_ENTRY_BYTES, type RunEntry } from '../runs/block.js';
import { MAX_KEY_BYTES } from './limits.js';

/** Encodes keys and values that are not bytes. */
export interface EntryEncoder {
  readonly key: (given: unknown) => unknown;
  readonly value: (given: unknown) => unknown;
}

/** @throws ClusterError SSTITCH_ENTRIES_INVALID */
export function checkEntryPages(pages: AsyncIterable<unknown>): void {
  if (
    typeof (pages as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] === 'function'
  )
    return;
  throw invalid(
    `entries must be an async iterable of pages, which are arrays of [key, value], not ${describeValue(pages)}`,
  );
}

/**
 * Yields the entries of pages. Closes `pages`, also while it waits for the next page when `signal` fires.
 *
 * @param spans sorted and disjoint
 * @param giveTurn awaited after each page
 * @throws ClusterError SSTITCH_ENTRIES_INVALID, SSTITCH_TOO_LARGE, SSTITCH_ABORTED; what `pages` throws
 */
export async function* checkedEntries(
  pages: AsyncIterable<unknown>,
  spans: readonly Span[],
  encoder: EntryEncoder,
  signal: AbortSignal,
  giveTurn: () => Promise<void>,
): AsyncGenerator<RunEntry[], void, undefined> {
  const place = new EntryPlace(spans);
  let pageNumber = 0;
  for await (const page of untilAborted(pages, signal)) {
    if (!Array.isArray(page)) {
      throw invalid(
        `page ${pageNumber}: a page must be an array of [key, value], not ${describeValue(page)}`,
      );
    }
    const entries = page.map((entry: unknown, index) => {
      try {
        return place.check(toRunEntry(entry, encoder));
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        const message = `page ${pageNumber}, entry ${index}: ${error.message}`;
        throw new ClusterError(error.code, message, { cause: error.cause });
      }
    });
    yield entries;
    await giveTurn();
    place.endPage();
    pageNumber += 1;
  }
}

function toRunEntry(entry: unknown, encoder: EntryEncoder): RunEntry {
  if (!Array.isArray(entry) || entry.length !== 2) {
    throw invalid(`an entry must be [key, value], not ${describeValue(entry)}`);
  }
  const key = encoded('key', entry[0], encoder.key);
  const value = encoded('value', entry[1], encoder.value);
  checkEntrySize(key, value);
  return { key, value, sequence: 0 };
}

function encoded(what: string, given: unknown, encode: (given: unknown) => unknown): Uint8Array {
  let bytes = given;
  if (!isBytes(given) && given !== undefined && given !== null) {
    try {
      bytes = encode(given);
    } catch (cause) {
      throw new ClusterError('SSTITCH_ENTRIES_INVALID', `the ${what} cannot be encoded`, { cause });
    }
  }
  if (isBytes(bytes)) return bytes;
  throw invalid(`the ${what} must be a Uint8Array, not ${describeValue(given)}`);
}

/** @throws ClusterError SSTITCH_TOO_LARGE */
export function checkEntrySize(key: Uint8Array, value: Uint8Array | undefined): void {
  if (key.length > MAX_KEY_BYTES) {
    throw tooLarge(`the key has ${key.length} bytes, more than ${MAX_KEY_BYTES}`);
  }
  const size = key.length + (value?.length ?? 0);
  if (size > MAX_ENTRY_BYTES) {
    throw tooLarge(`the key and the value have ${size} bytes, more than ${MAX_ENTRY_BYTES}`);
  }
}

/** Checks that each key lies in a span, above the one before it. */
class EntryPlace {
  readonly #spans: readonly Span[];
  #span = 0;
  #last: Uint8Array | undefined;

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  check(entry: RunEntry): RunEntry {
    const { key } = entry;
    if (this.#last !== undefined && compareBytes(this.#last, key) >= 0) {
      throw invalid('the key is not above the one before it: keys must ascend strictly');
    }
    this.#last = key;
    for (;;) {
      const span = this.#spans[this.#span];
      if (span?.end === undefined || compareBytes(key, span.end) < 0) break;
      this.#span += 1;
    }
    const span = this.#spans[this.#span];
    if (span === undefined || !spanContains(span, key)) throw invalid('the key lies in no span');
    return entry;
  }

  /** The caller may use the memory of the page's keys again. */
  endPage(): void {
    if (this.#last !== undefined) this.#last = new Uint8Array(this.#last);
  }
}

async function* untilAborted(
  pages: AsyncIterable<unknown>,
  signal: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  throwIfAborted(signal);
  const iterator = pages[Symbol.asyncIterator]();
  let isWaiting = false;
  let hasEnded = false;
  try {
    for (;;) {
      isWaiting = true;
      // The source may throw, or not return a promise.
      const reading = (async () => iterator.next())().catch((error: unknown) => {
        hasEnded = true;
        throw error;
      });
      const next = await orAborted(reading, signal);
      isWaiting = false;
      hasEnded = next.done === true;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    if (!hasEnded) {
      const closing = (async () => iterator.return?.())();
      // A source closes only once its pending page has arrived, which may be never.
      if (isWaiting) closing.catch(() => undefined);
      else await orAborted(closing, signal);
    }
  }
}

function invalid(message: string): ClusterError {
  return new ClusterError('SSTITCH_ENTRIES_INVALID', message);
}

function tooLarge(message: string): ClusterError {
  return new ClusterError('SSTITCH_TOO_LARGE', message);
}
