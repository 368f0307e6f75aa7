// Checks pages of entries, since not all callers use TypeScript.
import { describeValue, isBytes } from '@sstitch/contract';
import { EngineError } from '../errors.js';
import { notBytes } from '../not-bytes.js';

export type EntryBytes = readonly [key: Uint8Array, value: Uint8Array];

/** Checks that pages are an async iterable. @throws EngineError SSTITCH_ENTRIES_INVALID */
export function checkPages(pages: AsyncIterable<unknown>): void {
  if (typeof (pages as Partial<typeof pages> | null)?.[Symbol.asyncIterator] === 'function') return;
  throw new EngineError(
    'SSTITCH_ENTRIES_INVALID',
    `entries must be an async iterable of pages, which are arrays of [key, value], not ${describeValue(pages)}`,
  );
}

/**
 * Checks that a page is an array of [key, value].
 *
 * @param pageIndex the number of the page, for messages
 * @throws EngineError SSTITCH_ENTRIES_INVALID, which names the page and the entry
 */
export function checkPage(
  page: unknown,
  pageIndex: number,
): asserts page is ReadonlyArray<readonly [key: unknown, value: unknown]> {
  if (!Array.isArray(page)) {
    throw refusal(
      pageIndex,
      undefined,
      `a page must be an array of [key, value], not ${describeValue(page)}`,
    );
  }
  for (let index = 0; index < page.length; index++) {
    const entry: unknown = page[index];
    if (Array.isArray(entry) && entry.length === 2) continue;
    const hint = index === 0 ? '; a page is an array of such arrays' : '';
    const what = `an entry must be [key, value], not ${describeValue(entry)}${hint}`;
    throw refusal(pageIndex, index, what);
  }
}

/**
 * Checks that a page is an array of [key, value] whose keys and values are bytes.
 *
 * @throws as `checkPage`
 */
export function checkPageOfBytes(
  page: unknown,
  pageIndex: number,
): asserts page is readonly EntryBytes[] {
  checkPage(page, pageIndex);
  for (let index = 0; index < page.length; index++) {
    const [key, value] = page[index] as readonly [unknown, unknown];
    if (!isBytes(key)) throw refusal(pageIndex, index, notBytes('key', key));
    if (!isBytes(value)) throw refusal(pageIndex, index, notBytes('value', value));
  }
}

/** Makes the error for a page. @param index the index of the entry, or undefined for the page itself */
export function refusal(
  pageIndex: number,
  index: number | undefined,
  what: string,
  cause?: unknown,
): EngineError {
  const place = index === undefined ? '' : `, entry ${index}`;
  const message = `page ${pageIndex}${place}: ${what}`;
  return new EngineError('SSTITCH_ENTRIES_INVALID', message, { cause });
}
