// Tables from another file system are copied. Here the file system refuses links between two stores.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  contentsOf,
  numbered,
  openStore,
  pagesOf,
  put,
  span,
  temporaryDirectory,
} from './store-fixture.js';
import { fileError, watchedFileSystem } from './watched-file-system.js';

const TABLES = 20;

test('copied tables keep their names while they are checked', async () => {
  const directory = temporaryDirectory();
  const fileSystem = watchedFileSystem();
  const renamed: string[] = [];
  fileSystem.before = ({ name, path, to }) => {
    if (name === 'rename' && path.includes('/base/staging/')) renamed.push(path);
    if (name === 'link' && path.includes('/source/') && to?.includes('/base/')) {
      throw fileError('EXDEV', 'link', path);
    }
  };
  const base = await openStore(join(directory, 'base'), { fileSystem });
  const source = await openStore(join(directory, 'source'), { fileSystem });
  await put(base, numbered('a', 100, 'base'));
  // One table for each.
  const spans = Array.from({ length: TABLES }, (_, index) => {
    const prefix = `k${String(index).padStart(4, '0')}`;
    return span(prefix, `${prefix}~`);
  });
  const fresh = new Map(
    Array.from({ length: TABLES * 2 }, (_, index) => [
      `k${String(index >> 1).padStart(4, '0')}${index % 2}`,
      `fresh-${index}`,
    ]),
  );
  await source.replaceSpans(spans, pagesOf(fresh));
  const report = await base.ingestFrom(source, spans);
  expect(report.spans.every(({ copied }) => copied.tables === 1)).toBe(true);
  // Another thread may open a table by that name now.
  expect(renamed).toEqual([]);
  expect(await contentsOf(base)).toEqual(new Map([...numbered('a', 100, 'base'), ...fresh]));
});
