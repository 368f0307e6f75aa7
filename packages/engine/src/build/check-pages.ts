// Checks pages of entries from callers without TypeScript: what is wrong is refused before anything is done.
import { describeValue, type EntryPages, isBytes } from '@sstitch/contract';
import { EngineError } from '../errors.js';
import { notBytes } from '../not-bytes.js';

/** @throws EngineError SSTITCH_ENTRIES_INVALID */
export function checkPages(pages: EntryPages): void {
  if (typeof (pages as Partial<EntryPages> | null)?.[Symbol.asyncIterator] === 'function') return;
  throw new EngineError(
    'SSTITCH_ENTRIES_INVALID',
    `entries must be an async iterable of pages, which are arrays of [key, value], not ${describeValue(pages)}`,
  );
}

/**
 * The entries of a page, all of them [key, value], both bytes.
 *
 * @param pageIndex for the message
 * @throws EngineError SSTITCH_ENTRIES_INVALID, which names the page and the entry
 */
export function checkPage(page: unknown, pageIndex: number): asserts page is readonly Pair[] {
  const refuse = (index: number | undefined, what: string): never => {
    const place = index === undefined ? '' : `, entry ${index}`;
    throw new EngineError('SSTITCH_ENTRIES_INVALID', `page ${pageIndex}${place}: ${what}`);
  };
  if (!Array.isArray(page)) {
    refuse(undefined, `a page must be an array of [key, value], not ${describeValue(page)}`);
    return;
  }
  for (let index = 0; index < page.length; index++) {
    const entry: unknown = page[index];
    if (!Array.isArray(entry) || entry.length !== 2) {
      const hint = index === 0 ? '; a page is an array of such arrays' : '';
      refuse(index, `an entry must be [key, value], not ${describeValue(entry)}${hint}`);
      return;
    }
    if (!isBytes(entry[0])) refuse(index, notBytes('key', entry[0]));
    if (!isBytes(entry[1])) refuse(index, notBytes('value', entry[1]));
  }
}

type Pair = readonly [key: Uint8Array, value: Uint8Array];
