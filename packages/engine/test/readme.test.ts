// The README's example runs as it is printed, and the README names all that the package has, with the defaults that
// the code has.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import * as engine from '../src/index.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const source = (path: string) => readFileSync(join(root, path), 'utf8');
const readme = source('README.md');
const code = [...readme.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text ?? '');

function isNamed(name: string): boolean {
  return code.some((text) => new RegExp(`(^|\\W)${name}(\\W|$)`).test(text));
}

test('the example prints what its comments say', async () => {
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

test.each(
  [engine.Store, engine.ReadOnlyStore, engine.TableLoader].map((type) => [type.name, type]),
)('every public method of %s is in the README', (_name, type) => {
  const names: string[] = [];
  for (
    let { prototype } = type as { prototype: object };
    prototype.constructor.name !== 'AbstractLevel' && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    names.push(...Object.getOwnPropertyNames(prototype));
  }
  // Abstract-level's private methods, its resources, and what subclasses share.
  const inner =
    /^(constructor|_.*|attachResource|detachResource|generation|takeTables|whenOpen|assertOpen|encodeBound|checkOpenOptions|verifyGeneration)$/;
  expect(names.filter((name) => !inner.test(name) && !isNamed(name))).toEqual([]);
});

test('every function and class is in the README', () => {
  expect(Object.keys(engine).filter((name) => !isNamed(name))).toEqual([]);
});

test('every option of a store, of opening and of each method is in the README', () => {
  const files = ['options', 'transfer-options'].map((name) => source(`src/store/${name}.ts`));
  const members = files.flatMap((text) => [...text.matchAll(/^ {2}readonly (\w+)\??:/gm)]);
  const names = new Set(members.map(([, name]) => name ?? ''));
  expect([...names].filter((name) => !isNamed(name))).toEqual([]);
});

test('every error code is in the README, and no other', () => {
  const codes = (text: string) => [...new Set(text.match(/SSTITCH_[A-Z_]+/g))].sort();
  const documented = readme.slice(readme.indexOf('## Errors'), readme.indexOf('## Bundlers'));
  expect(codes(documented)).toEqual(codes(source('src/errors.ts')));
});

test.each([
  ['cacheSize', '8 MiB', 'leveldb/level-options.ts', 'cacheSize: 8 * MIB'],
  ['writeBufferSize', '4 MiB', 'leveldb/level-options.ts', 'writeBufferSize: 4 * MIB'],
  ['maxFileSize', '2 MiB', 'leveldb/level-options.ts', 'maxFileSize: 2 * MIB'],
  ['blockSize', '4096, 16', 'leveldb/level-options.ts', 'blockSize: 4 * KIB'],
  ['blockRestartInterval', '4096, 16', 'leveldb/level-options.ts', 'blockRestartInterval: 16'],
  ['maxOpenFiles', '1000', 'leveldb/level-options.ts', 'maxOpenFiles: 1000'],
  ['splitTables', "`'share'`", 'store/options.ts', "splitTables = 'share'"],
  ['shareTablesFromBytes', '128 KiB', 'store/options.ts', 'DEFAULT_SHARED_BYTES = 128 * KIB'],
  ['diskReserveBytes', '1 MiB', 'store/options.ts', 'fileSystem === undefined ? MIB : 0'],
])('the default of %s, %s, is that of the code', (name, value, file, statement) => {
  const rows = readme.split('\n').filter((line) => line.startsWith('|') && line.includes(name));
  expect(rows.some((row) => row.includes(`| ${value} |`))).toBe(true);
  expect(source(`src/${file}`)).toContain(statement);
});
