// Checks which tasks turbo.json reruns after a change. Turbo reports the hash of every task without running it;
// a task with the hash of an earlier run is a cache hit. The changes are made in a copy of the repository.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../pnpm.mjs';

const TASKS = ['build', 'lint', 'typecheck', 'check-api', 'test'];
const turbo = createRequire(join(root, 'package.json')).resolve('turbo/bin/turbo');

interface Manifest {
  readonly name: string;
  readonly scripts?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

/** The workspace's packages by name without the scope. */
const manifests = new Map<string, Manifest>();
let copy: string;
let before: Map<string, Task>;

interface Task {
  readonly hash: string;
  readonly isCached: boolean;
}

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'sstitch-turbo-'));
  const tracked = git(root, 'ls-files', '--cached', '--others', '--exclude-standard').split('\n');
  for (const file of tracked) {
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    copyFileSync(join(root, file), join(copy, file));
    if (!/(^|\/)package\.json$/.test(file) || file === 'package.json') continue;
    const manifest: Manifest = JSON.parse(readFileSync(join(root, file), 'utf8'));
    manifests.set(manifest.name.replace('@sstitch/', ''), manifest);
  }
  git(copy, 'init', '--quiet');
  git(copy, 'add', '--all');
  before = tasks();
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** Every task of the repository in its current state. */
function tasks(): Map<string, Task> {
  const output = execFileSync(process.execPath, [turbo, 'run', ...TASKS, '--dry=json'], {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    // Turbo's advice to install it in the copy.
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  });
  const { tasks: listed } = JSON.parse(output.slice(output.indexOf('{')));
  return new Map(
    listed
      .filter(({ command }: { command: string }) => command !== '<NONEXISTENT>')
      .map(
        ({ taskId, hash, resolvedTaskDefinition }: Record<string, { cache: boolean } & string>) => [
          taskId?.replace('@sstitch/', ''),
          { hash, isCached: resolvedTaskDefinition?.cache },
        ],
      ),
  );
}

/** The tasks that rerun after a change of a file, without the linter, which reads all files. */
function tasksAfterChange(file: string): string[] {
  const path = join(copy, file);
  appendFileSync(path, '\n');
  try {
    const after = tasks();
    return [...after]
      .filter(([id, { hash }]) => hash !== before.get(id)?.hash)
      .map(([id]) => id)
      .filter((id) => id !== '//#lint')
      .sort();
  } finally {
    copyFileSync(join(root, file), path);
  }
}

const packagesOf = (ids: readonly string[], task: string) =>
  ids.filter((id) => id.endsWith(`#${task}`)).map((id) => id.slice(0, id.indexOf('#')));

/** A package and its direct and indirect dependents that have such a script. */
function withDependents(name: string, script: string): string[] {
  const found = new Set([name]);
  for (const each of found) {
    for (const [other, manifest] of manifests) {
      const needs = { ...manifest.dependencies, ...manifest.devDependencies };
      if (`@sstitch/${each}` in needs) found.add(other);
    }
  }
  return [...found].filter((each) => manifests.get(each)?.scripts?.[script] !== undefined).sort();
}

test('every task keeps its hash if nothing changes', () => {
  expect(tasks()).toEqual(before);
});

test('every task is cached except the torture families, whose success does not predict the next run', () => {
  const uncached = [...before].filter(([, { isCached }]) => !isCached).map(([id]) => id);
  expect(uncached).toEqual(['torture#test']);
});

test.each(['sst', 'compactor', 'cli'])('a change of %s rebuilds it and its dependents', (name) => {
  const ids = tasksAfterChange(`packages/${name}/src/index.ts`);
  expect(packagesOf(ids, 'build')).toEqual(withDependents(name, 'build'));
  expect(packagesOf(ids, 'test')).toEqual(withDependents(name, 'test'));
});

test("a change of a test reruns only that package's tests", () => {
  expect(tasksAfterChange('packages/engine/test/generations.test.ts')).toEqual([
    'engine#test',
    'engine#typecheck',
  ]);
});

test.each([
  ['README.md', ['cli#test']],
  ['docs/cli.md', ['cli#test']],
  ['docs/formats/keys.md', ['keys#test']],
  ['docs/formats/json-lines.md', ['lines#test']],
  ['docs/guarantees.md', []],
  ['packages/engine/README.md', ['bundlers#test', 'engine#test']],
  ['packages/keys/api/index.api.md', ['//#check-api']],
])('a change of %s reruns the tasks that read it', (file, expected) => {
  expect(tasksAfterChange(file)).toEqual(expected);
});
