// The README's example prints what its comments say, and the README has the error codes and the defaults of the code.
// That it names all that the package exports is checked by tools/workspace/check-readmes.mjs.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const source = (path: string) => readFileSync(join(root, path), 'utf8');
const readme = source('README.md');
test('the example prints the output that its comments state', async () => {
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-readme-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(
    join(directory, 'example.mjs'),
    example.replace("'@sstitch/engine'", JSON.stringify(join(root, 'dist/index.js'))),
  );
  const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], {
    cwd: directory,
  });
  const expected = [...example.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(
    ([, text]) => text,
  );
  expect(expected.length).toBeGreaterThan(3);
  expect(stdout.trimEnd().split('\n')).toEqual(expected);
});

test('the README lists every error code and no other', () => {
  const codes = (text: string) => [...new Set(text.match(/SSTITCH_[A-Z_]+/g))].sort();
  const documented = readme.slice(readme.indexOf('## Errors'), readme.indexOf('## Bundlers'));
  expect(codes(documented)).toEqual(codes(source('src/errors.ts')));
});

test('the README states the share of a table below which its parts are copied, as in the code', () => {
  expect(readme).toContain('if together they are less than 1/16 of the table');
  expect(source('src/tables/split-policy.ts')).toContain('MIN_KEPT_SHARE = 1 / 16;');
});

test.each([
  ['cacheSize', '8 MiB', 'leveldb/level-options.ts', 'cacheSize: 8 * MIB'],
  ['writeBufferSize', '4 MiB', 'leveldb/level-options.ts', 'writeBufferSize: 4 * MIB'],
  ['maxFileSize', '2 MiB', 'leveldb/level-options.ts', 'maxFileSize: 2 * MIB'],
  ['blockSize', '4096', 'leveldb/level-options.ts', 'blockSize: 4 * KIB'],
  ['blockRestartInterval', '16', 'leveldb/level-options.ts', 'blockRestartInterval: 16'],
  ['maxOpenFiles', '1000', 'leveldb/level-options.ts', 'maxOpenFiles: 1000'],
  ['splitTables', "`'share'`", 'store/options.ts', "splitTables = 'share'"],
  ['shareTablesFromBytes', '128 KiB', 'store/options.ts', 'DEFAULT_SHARED_BYTES = 128 * KIB'],
  [
    'diskReserveBytes',
    '1 MiB; 0 with a `fileSystem`',
    'store/options.ts',
    'fileSystem === undefined ? MIB : 0',
  ],
])('the README states the default of %s, %s, as in the code', (name, value, file, statement) => {
  const rows = readme.split('\n').filter((line) => line.startsWith('|') && line.includes(name));
  expect(rows.some((row) => row.includes(`| ${value} |`))).toBe(true);
  expect(source(`src/${file}`)).toContain(statement);
});
