import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const here = join(import.meta.dirname, '..');
// In node_modules, from where a package finds the types of Node.
const cache = join(here, 'node_modules', '.cache');
const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Makes a package of one declaration file, and returns what the writing of its report prints. */
async function outputOf(declarations: string): Promise<string> {
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'api-report-'));
  directories.push(directory);
  const packageJson = { name: 'sample', exports: { '.': { types: './index.d.ts' } } };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(packageJson));
  writeFileSync(join(directory, 'index.d.ts'), declarations);
  const run = promisify(execFile)(process.execPath, [join(here, 'api-report.mjs'), directory]);
  const { stdout = '', stderr = '' } = await run.catch((error) => error);
  return stdout + stderr;
}

test('each public member without a doc comment fails, also if its comment has only tags', async () => {
  const output = await outputOf(`
/** A point of a plane. */
export interface Point {
  readonly x: number;
  /** @defaultValue 0 */
  readonly y?: number;
  /** The distance from the plane, in millimetres. */
  readonly z: number;
}
export type Line = readonly [Point, Point];
`);
  const names = [...output.matchAll(/sample: index: Missing documentation for "(\w+)"/g)];
  expect(names.map(([, name]) => name).sort()).toEqual(['Line', 'x', 'y']);
});
