// What commands write must not destroy what they read, nor any store.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { sstitch, sstitchJson, testDirectory } from '../../test/in-process.js';

const SYNC = syntheticSyncId({});

let template: string;
/** A directory with the stores `base` and `other`, and the file `both.jsonl` of two syncs. */
let directory: string;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-outputs-'));
  const base = join(template, 'base');
  await sstitchJson('generate', base, '--grants', '20', '--syncs', '2');
  await sstitchJson('generate', join(template, 'other'), '--grants', '5');
  const output = join(template, 'both.jsonl');
  await sstitchJson('export', base, '--sync', 'latest,@2', '--output', output);
  return () => rmSync(template, { recursive: true, force: true });
});

function scene(): void {
  directory = realpathSync(testDirectory());
  cpSync(template, directory, { recursive: true });
  linkSync(join(directory, 'both.jsonl'), join(directory, 'hard.jsonl'));
  symlinkSync('both.jsonl', join(directory, 'soft.jsonl'));
  symlinkSync('base', join(directory, 'link'));
  mkdirSync(join(directory, 'plain'));
  // A plain LevelDB database.
  const [generation = ''] = readdirSync(join(directory, 'base')).filter((name) =>
    name.startsWith('gen-'),
  );
  cpSync(join(directory, 'base', generation), join(directory, 'leveldb'), { recursive: true });
}

/** The files of the directory with their bytes. Reading a store may make a directory in it. */
function contents(): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path).toString('base64')]));
}

/** Runs a command line whose words in ./ are paths in the directory. */
function runIn(line: string) {
  return sstitch(line.split(' ').map((word) => word.replace(/^\.\//, `${directory}/`)));
}

describe('an output that is the input is refused, and stays as it was', () => {
  it.each(['both.jsonl', 'plain/../both.jsonl', 'hard.jsonl', 'soft.jsonl'])('%s', async (name) => {
    scene();
    const before = contents();
    const line = `export ./both.jsonl --sync ${SYNC} --output ./${name}`;
    expect(await runIn(line)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `sstitch: ${directory}/${name} is the file that is read: write to another one (see: sstitch export --help)\n`,
    });
    expect(contents()).toEqual(before);
  });
});

describe('an output inside a store or another database is refused, and that stays as it was', () => {
  it.each([
    [`export ./base --sync ${SYNC} --format jsonl --output ./base/CURRENT`, 'the store', 'base'],
    [`export ./base --sync ${SYNC} --output ./other/a.c1z`, 'the store', 'other'],
    [`export ./both.jsonl --sync ${SYNC} --output ./link/staging/a.csv`, 'the store', 'base'],
    [`export ./base --sync ${SYNC} --output ./leveldb/a.jsonl`, 'the database', 'leveldb'],
    ['checkpoint ./base ./other/copy', 'the store', 'other'],
    ['checkpoint ./base ./other/copy --format pebble', 'the store', 'other'],
    ['adopt ./leveldb ./other/staging/adopted', 'the store', 'other'],
    ['generate ./base/readers --grants 3', 'the store', 'base'],
    ['generate ./base/new/deep --grants 3', 'the store', 'base'],
    ['import ./both.jsonl --into ./base/new', 'the store', 'base'],
    [`clone ./base --sync ${SYNC} --into ./other/new`, 'the store', 'other'],
    ['merge ./base ./other --into ./other/new', 'the store', 'other'],
    [`compact --base ./base/new --from ./other --sync ${SYNC} --create`, 'the store', 'base'],
  ])('%s', async (line, what, name) => {
    scene();
    const before = contents();
    const { exitCode, stderr } = await runIn(line);
    expect(stderr).toContain(
      ` lies inside ${what} ${directory}/${name}: choose a place outside (see: sstitch `,
    );
    expect(exitCode).toBe(2);
    expect(contents()).toEqual(before);
  });
});

it('any other file is replaced, also one beside a store', async () => {
  scene();
  const line = ['export', join(directory, 'base'), '--sync', SYNC];
  await sstitchJson(...line, '--output', join(directory, 'both.jsonl'));
  const text = readFileSync(join(directory, 'both.jsonl'), 'utf8');
  expect(text).toBe((await sstitch(line)).stdout);
});

it('a file to which a link leads is replaced, and the link stays', async () => {
  scene();
  mkdirSync(join(directory, 'archive'));
  const [link, file] = [join(directory, 'latest.jsonl.gz'), join(directory, 'archive/monday')];
  writeFileSync(file, 'old');
  symlinkSync('archive/monday', link);
  await sstitchJson('export', join(directory, 'base'), '--sync', SYNC, '--output', link);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(gunzipSync(readFileSync(file)).toString()).toMatch(/^\{"type":"header"/);
  expect(readdirSync(join(directory, 'archive'))).toEqual(['monday']);
});

it('a link that leads nowhere is not replaced by a file', async () => {
  scene();
  const link = join(directory, 'latest.jsonl');
  symlinkSync('archive/monday', link);
  const line = ['export', join(directory, 'base'), '--sync', SYNC, '--output', link];
  expect(await sstitch(line)).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `sstitch: cannot write ${link}: it is a link that leads nowhere\n`,
  });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
});

it.skipIf(process.platform === 'win32')('a pipe is not replaced by a file', async () => {
  scene();
  const pipe = join(directory, 'pipe.jsonl');
  execFileSync('mkfifo', [pipe]);
  const link = join(directory, 'pipe-link.c1z');
  symlinkSync('pipe.jsonl', link);
  for (const path of [pipe, link]) {
    const line = ['export', join(directory, 'base'), '--sync', SYNC, '--output', path];
    expect(await sstitch(line)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `sstitch: cannot write ${path}: it is not a file; write to standard output with -\n`,
    });
  }
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
});
