// Checks at the public doors, for callers without TypeScript: what is wrong is refused before anything is done.
import { describeValue, isBytes } from '@sstitch/sst';
import type { EntryPages } from './contract.js';
import { EngineError } from './errors.js';
import type { ForeignSpanTables } from './extract/check-incoming.js';
import type { ExtractedTables } from './extract/extract-tables.js';

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkSignal(options: { readonly signal?: AbortSignal | undefined }): void {
  const { signal } = options;
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new EngineError(
    'SSTITCH_OPTION_INVALID',
    `signal must be an AbortSignal, not ${describeValue(signal)}`,
  );
}

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

/** @param what a word: key, value, start */
export function notBytes(what: string, value: unknown): string {
  return `the ${what} must be a Uint8Array, not ${describeValue(value)}`;
}

/**
 * What `ingestAndExcise` takes, as far as its form goes.
 *
 * @throws EngineError SSTITCH_TABLES_INVALID
 */
export function checkTables(tables: ExtractedTables | readonly ForeignSpanTables[]): void {
  const refuse = (what: string): never => {
    throw new EngineError('SSTITCH_TABLES_INVALID', what);
  };
  if (typeof tables === 'object' && tables !== null && 'lastSequence' in tables) return;
  if (!Array.isArray(tables)) {
    refuse(
      `tables must be what extract gave, or an array of { span, runs }, not ${describeValue(tables)}`,
    );
    return;
  }
  for (const [index, part] of tables.entries()) {
    const runs: unknown = part?.runs;
    if (!Array.isArray(runs)) {
      refuse(`tables of span ${index}: runs must be an array of runs, not ${describeValue(runs)}`);
      return;
    }
    for (const run of runs as unknown[]) {
      if (Array.isArray(run) && run.every((path) => typeof path === 'string')) continue;
      refuse(`tables of span ${index}: a run must be an array of paths, not ${describeValue(run)}`);
    }
  }
}

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkFolder(folder: string): void {
  if (typeof folder === 'string' && folder !== '') return;
  throw new EngineError(
    'SSTITCH_OPTION_INVALID',
    `the folder must be a path, not ${folder === '' ? 'an empty string' : describeValue(folder)}`,
  );
}
