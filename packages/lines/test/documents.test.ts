// The README and the documents of the formats say what the code does.
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

test('the README has every function, and every error code and no other', () => {
  for (const name of Object.keys(lines)) expect(readme).toContain(`\`${name}`);
  const codes = (text: string) => [...new Set(text.match(/SSTITCH_[A-Z_]+/g))].sort();
  expect(codes(readme.slice(readme.indexOf('## Errors')))).toEqual(
    codes(document('../src/errors.ts')),
  );
});

test('docs/formats/grants-csv.md has every column, in order', () => {
  const rows = [
    ...document('../../../docs/formats/grants-csv.md').matchAll(/^\| `(\w+)` \| (yes|no) \|/gm),
  ];
  expect(rows.map(([, name, required]) => ({ name, isRequired: required === 'yes' }))).toEqual(
    COLUMNS,
  );
});

test('docs/formats/json-lines.md shows a file that is read', async () => {
  const [, example = ''] =
    /```json\n(.*?)```/s.exec(document('../../../docs/formats/json-lines.md')) ?? [];
  const values = await valuesOf(lines.openJsonLines(chunksOf(Buffer.from(example))));
  expect(values.map((value) => value.split(' ').slice(0, 2))).toEqual([
    [SYNC, 'sync_run'],
    [SYNC, 'resource'],
    [SYNC, 'grant'],
  ]);
});
