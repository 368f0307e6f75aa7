// The README says what the code does.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as access from '../src/index.js';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the README lists every function and class, and exactly the error codes', () => {
  const readme = read('../README.md');
  for (const name of Object.keys(access)) expect(readme).toContain(name);
  const codes = (text: string) => [...new Set(text.match(/SSTITCH_[A-Z_]+/g))].sort();
  expect(codes(readme.slice(readme.indexOf('## Errors')))).toEqual(codes(read('../src/errors.ts')));
});
