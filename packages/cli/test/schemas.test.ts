// The output of --json matches the JSON Schema of the command, for every command.
import { cpSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaFile } from '../src/reference/command-lines.js';
import {
  aTable,
  COMMAND_LINES,
  COMMAND_NAMES,
  FIRST,
  LOCAL_COMMAND_NAMES,
  makeScene,
  SECOND,
} from './every-command.js';
import { type Finished, sstitch, testDirectory } from './in-process.js';
import { expectValid, SCHEMA_FILES, validatorOf } from './json-schemas.js';

let template: string;
const home = process.cwd();

beforeAll(async () => {
  template = await makeScene();
  return () => rmSync(template, { recursive: true, force: true });
});
afterAll(() => process.chdir(home));

/** Runs a command line in a copy of the scene. */
async function inScene(line: (scene: string) => readonly string[]): Promise<Finished> {
  const scene = testDirectory();
  cpSync(template, scene, { recursive: true });
  process.chdir(scene);
  return sstitch(line(scene));
}

it('every command has a schema, and every schema has a command', () => {
  const files = COMMAND_NAMES.map((name) => schemaFile({ name }));
  const others = ['definitions', 'error'].map((name) => schemaFile({ name }));
  expect([...SCHEMA_FILES].sort()).toEqual([...files, ...others].sort());
});

/** `export` writes lines; `selftest` is slow and `explore` runs until it is stopped: these have tests of their own. */
const OTHERS = ['explore', 'export', 'selftest'];

it.each(LOCAL_COMMAND_NAMES.filter((name) => !OTHERS.includes(name)))('%s', async (name) => {
  const { exitCode, stdout, stderr } = await inScene((scene) => [
    ...(COMMAND_LINES[name]?.(scene) ?? []),
    '--json',
  ]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expectValid(name, JSON.parse(stdout));
});

it('export, line by line', async () => {
  const { stdout } = await inScene((scene) => COMMAND_LINES['export']?.(scene) ?? []);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(100);
  for (const line of lines) expectValid('export', JSON.parse(line));
});

describe.each<readonly [name: string, line: readonly string[]]>([
  ['compact', ['--base', 'base', '--from', 'fresh', '--sync', FIRST, '--dry-run']],
  ['compact', ['--base', 'base', '--from', 'fresh', '--sync', FIRST, '--strategy', 'batch']],
  ['compact', ['--base', 'base', '--from', 'fresh', '--sync', SECOND, '--allow-empty', '--purge']],
  ['compact', ['--base', 'base', '--from', 'fresh', '--sync', FIRST, '--as', SECOND]],
  ['compact', ['--base', 'base', '--from', 'fresh', '--sync', FIRST, '--as', SECOND, '--dry-run']],
  ['export', ['base', '--sync', FIRST, '--output', 'a.csv']],
  ['stats', ['base', '--exact']],
  ['digest', ['base', '--sync', `${FIRST},${SECOND}`]],
  ['diff', ['base', 'base', '--sync', `${FIRST},${SECOND}`]],
  ['diff', ['base', 'base', '--sync', FIRST, '--to', SECOND]],
  ['diff', ['sync.jsonl', 'fresh']],
  ['compact', ['--base', 'base', '--from', 'fresh', '--all', '--keep-replaced', '--dry-run']],
  ['compact', ['--base', 'base', '--from', 'fresh', '--all', '--keep-replaced']],
  ['prune', ['base', '--dry-run']],
  ['drop', ['base', '--sync', 'latest', '--yes', '--no-purge']],
  ['scan', ['base', '--limit', '1000']],
  ['scan', ['base', '--raw', '--key-prefix', '03']],
  ['space', ['base', '--exact']],
  ['space', ['base', '--exact', '--reclaim']],
  ['syncs', ['base', '--exact']],
])('%s %j', (name, line) => {
  it('matches its schema', async () => {
    const { stdout, stderr } = await inScene(() => [...name.split(' '), ...line, '--json']);
    expect(stderr).toBe('');
    expectValid(name, JSON.parse(stdout));
  });
});

describe('a finding', () => {
  it('of import matches if one of two files is bad', async () => {
    const { exitCode, stdout, stderr } = await inScene((scene) => {
      writeFileSync(join(scene, 'bad.jsonl'), 'nonsense');
      return ['import', 'bad.jsonl', 'sync.jsonl', '--into', 'imported', '--json'];
    });
    expect(exitCode).toBe(4);
    expectValid('import', JSON.parse(stdout));
    expectValid('error', JSON.parse(stderr.split('\n')[1] ?? ''));
  });

  it('of verify', async () => {
    const { exitCode, stdout } = await inScene((scene) => {
      const current = join(scene, 'base', readFileSync(join(scene, 'base', 'CURRENT'), 'latin1'));
      const generation = current.trim();
      const name = readdirSync(generation).find((file) => file.endsWith('.ldb')) ?? '';
      const bytes = readFileSync(join(generation, name));
      bytes.writeUInt8(bytes.readUInt8(10) ^ 0xff, 10);
      unlinkSync(join(generation, name));
      writeFileSync(join(generation, name), bytes);
      return ['verify', 'base', '--json'];
    });
    expect(exitCode).toBe(4);
    expectValid('verify', JSON.parse(stdout));
  });

  it('of digest', async () => {
    const line = ['digest', 'fresh', '--sync', SECOND, '--json'];
    const { exitCode, stdout } = await inScene(() => line);
    expect(exitCode).toBe(3);
    expectValid('digest', JSON.parse(stdout));
  });
});

it.each([
  [['syncs', 'nothing']],
  // With a reason.
  [['syncs', 'generation']],
  [['frobnicate']],
  [['syncs', 'base', '--wrong']],
  [['get', 'base', '--sync', 'zz', '--bucket', 'sync_run']],
  [['sst', 'verify', 'sync.jsonl']],
])('the error of %j matches its schema', async (line) => {
  const { exitCode, stdout, stderr } = await inScene(() => [...line, '--json']);
  expect(stdout).toBe('');
  const document = JSON.parse(stderr.split('\n')[1] ?? '') as { error: { exitCode: number } };
  expectValid('error', document);
  expect(document.error.exitCode).toBe(exitCode);
});

it('a schema refuses a document that does not match', async () => {
  const { stdout } = await inScene((scene) => ['sst', 'verify', aTable(scene), '--json']);
  const document = JSON.parse(stdout) as object;
  expect(validatorOf('sst verify')({ ...document, entries: -1 })).toBe(false);
  expect(validatorOf('sst verify')({ ...document, more: 1 })).toBe(false);
});
