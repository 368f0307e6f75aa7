// Checks the README and the documents of the formats against the code.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COLUMNS } from '../src/csv/columns.js';
import * as lines from '../src/index.js';
import { chunksOf } from './files.js';
import { SYNC, valuesOf } from './sample-syncs.js';

function document(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

const readme = document('../README.md');

test('the README names every function and exactly the error codes of the code', () => {
  for (const name of Object.keys(lines)) expect(readme).toContain(`\`${name}`);
  const codes = (text: string) => [...new Set(text.match(/SSTITCH_[A-Z_]+/g))].sort();
  expect(codes(readme.slice(readme.indexOf('## Errors')))).toEqual(
    codes(document('../src/errors.ts')),
  );
});

test('docs/formats/grants-csv.md lists every column, in order', () => {
  const rows = [
    ...document('../../../docs/formats/grants-csv.md').matchAll(/^\| `(\w+)` \| (yes|no) \|/gm),
  ];
  expect(rows.map(([, name, required]) => ({ name, isRequired: required === 'yes' }))).toEqual(
    COLUMNS,
  );
});

test('docs/formats/json-lines.md shows a file that can be read', async () => {
  const [, example = ''] =
    /```json\n(.*?)```/s.exec(document('../../../docs/formats/json-lines.md')) ?? [];
  const values = await valuesOf(lines.openJsonLines(chunksOf(Buffer.from(example))));
  expect(values.map((value) => value.split(' ').slice(0, 2))).toEqual([
    [SYNC, 'sync_run'],
    [SYNC, 'resource'],
    [SYNC, 'grant'],
  ]);
});
