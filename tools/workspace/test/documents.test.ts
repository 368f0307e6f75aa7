// The parsers of the document checks: public names of a package, and tables of a document.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { codeOf, tablesOf, withBlock } from '../documents/markdown.mjs';
import { publicNamesOf } from '../documents/public-surface.mjs';

/** The public names of a package with these modules. */
function namesOf(modules: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-surface-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(directory, name), text);
  return publicNamesOf(join(directory, 'index.ts'));
}

test('a class has its own public members and those of its bases in the package', () => {
  const [store] = namesOf({
    'index.ts': "export { Store } from './store.js';",
    'store.ts': `
      import { Reader } from './reader.js';
      import { Level } from 'level';
      export class Store extends Reader { put() {} #secret() {} private hidden() {} _open() {} }`,
    'reader.ts':
      'export class Reader { get() {} protected verify() {} /** @internal */ inner() {} }',
  });
  expect(store).toMatchObject({ name: 'Store', kind: 'value' });
  expect(store?.members.map(({ name }) => name)).toEqual(['put', 'get']);
});

test('an option has the default of its doc comment, over several lines too', () => {
  const [options] = namesOf({
    'index.ts': "export type { Options } from './options.js';",
    'options.ts': `
      interface Common { /** Ends it. */ readonly signal?: AbortSignal }
      export interface Options extends Common {
        /** How long. @defaultValue 120000 */
        readonly waitMs?: number;
        /**
         * Where.
         * @defaultValue the system's
         * directory
         */
        readonly directory?: string;
      }`,
  });
  expect(options?.members).toEqual([
    { name: 'waitMs', kind: 'property', defaultValue: '120000' },
    { name: 'directory', kind: 'property', defaultValue: "the system's directory" },
    { name: 'signal', kind: 'property', defaultValue: undefined },
  ]);
});

test('error codes are the literals of a union', () => {
  const [codes] = namesOf({ 'index.ts': "export type Code = 'A_B' /** c */ | 'C_D';" });
  expect(codes).toMatchObject({ name: 'Code', literals: ['A_B', 'C_D'] });
});

test('tables are rows by header, may have pipes in cells, and are ignored in code', () => {
  const text =
    '| option | default |\n|---|---|\n| `a` | 1 \\| 2 |\n\n```\n| no | table |\n|---|---|\n| 1 | 2 |\n```\n';
  expect(tablesOf(text)).toEqual([[{ option: '`a`', default: '1 | 2' }]]);
  expect(codeOf(text)).toContain('a');
});

test('a block is replaced between its markers, and must be there', () => {
  const text = 'before\n<!-- x: by a program -->\nold\n<!-- /x -->\nafter\n';
  expect(withBlock(text, 'x', 'new\n')).toBe(
    'before\n<!-- x: by a program -->\nnew\n<!-- /x -->\nafter\n',
  );
  expect(() => withBlock(text, 'y', '')).toThrow('no block y');
});
