// Checks that the README covers the whole package, with the defaults of the code.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as records from '../src/index.js';
import { DEFAULT_PAGE_RECORDS, RecordList } from '../src/read/record-list.js';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS } from '../src/store/write-records.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const errors = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8');
const text = readme.replaceAll(/\s+/g, ' ');
const code = [...readme.matchAll(/`([^`\n]+)`/g)].map(([, source]) => source ?? '');

function isNamed(name: string): boolean {
  return code.some((source) => new RegExp(`(^|\\W)${name}(\\W|$)`).test(source));
}

test.each(
  [
    records.SyncReader,
    records.SyncStore,
    records.RecordLoader,
    records.RecordBatch,
    records.StoreSource,
    records.StoreSink,
    records.SyncCounter,
    RecordList,
  ].map((type) => [type.name, type] as const),
)('the README names every method of %s', (_name, { prototype }) => {
  const methods = Object.getOwnPropertyNames(prototype).filter(
    (name) => !['constructor', 'next', 'return'].includes(name),
  );
  expect(methods.filter((name) => !isNamed(name))).toEqual([]);
});

test('the README names every function, class and constant', () => {
  // The README names only an example of the schemas.
  const names = Object.keys(records).filter((name) => !name.endsWith('Schema'));
  expect(names.filter((name) => !isNamed(name))).toEqual([]);
});

test('the README lists exactly the error codes of the code', () => {
  const codes = (source: string) => new Set(source.match(/SSTITCH_[A-Z_]+/g));
  const documented = codes(readme.slice(readme.indexOf('## Errors')));
  expect([...documented].sort()).toEqual([...codes(errors)].sort());
});

test('the README states the limits and defaults of the code', () => {
  expect(text).toContain(
    `batches of at most ${MAX_BATCH_RECORDS.toLocaleString('en')} records or ${MAX_BATCH_BYTES / 1024 / 1024} MiB`,
  );
  expect(text).toContain(`the list's, or ${DEFAULT_PAGE_RECORDS} | the most records`);
});
