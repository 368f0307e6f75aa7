// The exit codes of failures: runs every command that takes a path with every fault that the path can have.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';
import { openElsewhere } from './process.js';

const SYNC = syntheticSyncId({});
const ABSENT = syntheticSyncId({ seed: 99 });
const withSync = ['--sync', SYNC];

let template: string;
/** A directory with a store `base`; `nothing` does not exist in it. */
let directory: string;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-exit-'));
  await sstitchJson('generate', join(template, 'base'), '--grants', '20');
  writeFileSync(join(template, 'text'), 'neither a store nor a table nor a sync file\n');
  mkdirSync(join(template, 'empty'));
  // A CURRENT that does not name a MANIFEST.
  mkdirSync(join(template, 'damaged'));
  writeFileSync(join(template, 'damaged', 'CURRENT'), 'not a MANIFEST\n');
  return () => rmSync(template, { recursive: true, force: true });
});

beforeEach(() => {
  directory = testDirectory();
  cpSync(template, directory, { recursive: true });
});

/** Names that command lines replace by paths in the directory. */
const NAMES = ['base', 'text', 'empty', 'damaged', 'nothing', 'target'];

async function codeOf(...commandLine: readonly string[]): Promise<number> {
  const line = commandLine.map((word) => (NAMES.includes(word) ? join(directory, word) : word));
  const { exitCode, stderr } = await sstitch(line);
  if (exitCode !== 0) expect(stderr).toMatch(/^sstitch: [^\n]+\n$/);
  expect(stderr).not.toContain('unexpected');
  return exitCode;
}

/** Command lines that read the store of the given name. */
const READING: ReadonlyArray<readonly [name: string, line: (store: string) => readonly string[]]> =
  [
    ['syncs', (store) => ['syncs', store]],
    ['digest', (store) => ['digest', store, ...withSync]],
    ['verify', (store) => ['verify', store]],
    ['diff, first', (store) => ['diff', store, 'base', ...withSync]],
    ['diff, second', (store) => ['diff', 'base', store, ...withSync]],
    ['export', (store) => ['export', store, ...withSync]],
    ['get', (store) => ['get', store, '--key', '00']],
    ['scan', (store) => ['scan', store]],
    ['levels', (store) => ['levels', store]],
    ['salvage', (store) => ['salvage', store]],
    ['space', (store) => ['space', store]],
    ['space --reclaim', (store) => ['space', store, '--reclaim']],
    ['drop', (store) => ['drop', store, ...withSync, '--yes']],
    ['compact, base', (store) => ['compact', '--base', store, '--from', 'base', ...withSync]],
    ['compact, source', (store) => ['compact', '--base', 'base', '--from', store, ...withSync]],
    ['checkpoint', (store) => ['checkpoint', store, 'target']],
  ];

describe.each(READING)('%s', (_, line) => {
  it('exits with 5 if there is no store', async () => {
    expect(await codeOf(...line('nothing'))).toBe(5);
    expect(await codeOf(...line('empty'))).toBe(5);
  });

  it('exits with 4 if the path is something else or a damaged store', async () => {
    expect(await codeOf(...line('text'))).toBe(4);
    expect(await codeOf(...line('damaged'))).toBe(4);
  });
});

describe.each([
  ['sst dump', (file: string) => ['sst', 'dump', file]],
  ['sst verify', (file: string) => ['sst', 'verify', file]],
  ['import', (file: string) => ['import', file, '--into', 'target']],
])('%s', (_, line) => {
  it('exits with 5 if there is no file, and with 4 if it is of another kind or a directory', async () => {
    expect(await codeOf(...line('nothing'))).toBe(5);
    expect(await codeOf(...line('text'))).toBe(4);
    expect(await codeOf(...line('empty'))).toBe(4);
    expect(readdirSync(directory)).not.toContain('target');
  });
});

describe.each([
  ['manifest dump', (database: string) => ['manifest', 'dump', database]],
  ['adopt', (database: string) => ['adopt', database, 'target']],
])('%s', (_, line) => {
  it('exits with 5 if there is no database, and with 4 if the path is something else', async () => {
    expect(await codeOf(...line('nothing'))).toBe(5);
    expect(await codeOf(...line('empty'))).toBe(5);
    expect(await codeOf(...line('text'))).toBe(4);
    expect(await codeOf(...line('damaged'))).toBe(4);
    expect(readdirSync(directory)).not.toContain('target');
  });
});

describe.each([
  ['generate', ['generate', 'text', '--grants', '1']],
  ['import', ['import', 'text', '--into', 'text']],
  ['clone', ['clone', 'base', ...withSync, '--into', 'text']],
  ['selftest', ['selftest', '--dir', 'text']],
])('%s', (_, line) => {
  it('exits with 4 if the directory to write to is a file', async () => {
    expect(await codeOf(...line)).toBe(4);
  });
});

describe('a target that exists', () => {
  it.each([
    ['checkpoint', ['checkpoint', 'base', 'base']],
    ['checkpoint', ['checkpoint', 'base', 'text']],
  ])('%s exits with 1', async (_, line) => {
    expect(await codeOf(...line)).toBe(1);
  });

  it('adopt exits with 1', async () => {
    const current = readFileSync(join(directory, 'base', 'CURRENT'), 'latin1').trim();
    expect(await codeOf('adopt', join(directory, 'base', current), 'base')).toBe(1);
  });
});

it.each(READING.filter(([, line]) => line('base').includes('--sync')).map(([name]) => name))(
  '%s exits with 3 if the store does not hold the sync',
  async (name) => {
    const line = READING.find(([other]) => other === name)?.[1]('base') ?? [];
    // The same store on both sides would fail for another reason.
    cpSync(join(directory, 'base'), join(directory, 'target'), { recursive: true });
    let bases = 0;
    const absent = line.map((word) => {
      if (word === SYNC) return ABSENT;
      return word === 'base' && ++bases === 2 ? 'target' : word;
    });
    expect(await codeOf(...absent)).toBe(3);
  },
);

it.each([
  ['get', ['get', 'base', '--key', '00', '--key', '01']],
  ['get', ['get', 'base', '--sync', SYNC, '--sync', ABSENT, '--bucket', 'sync_run']],
  ['compact', ['compact', '--base', 'base', '--base', 'x', '--from', 'y', ...withSync]],
  ['import', ['import', 'text', '--into', 'target', '--into', 'base']],
  ['generate', ['generate', 'target', '--grants', '1', '--grants', '2']],
  ['scan', ['scan', 'base', '--limit=1', '--limit=2']],
  ['sst dump', ['sst', 'dump', 'text', '--limit', '1', '--limit', '2']],
])('%s exits with 2 if an option with one value is repeated', async (_, line) => {
  expect(await codeOf(...line)).toBe(2);
  expect(readdirSync(directory)).not.toContain('target');
});

describe('a store that another process has open', () => {
  it.each([
    ['drop', ['drop', 'base', ...withSync, '--yes']],
    ['generate', ['generate', 'base', '--grants', '1']],
    ['import', ['import', 'sync.jsonl', '--into', 'base']],
    ['compact', ['compact', '--base', 'base', '--from', 'fresh', ...withSync]],
    ['space --reclaim', ['space', 'base', '--reclaim']],
  ])('%s exits with 6, and the store is as it was', async (_, line) => {
    const store = join(directory, 'base');
    const exported = await sstitch(['export', store, ...withSync]);
    const file = join(directory, 'sync.jsonl');
    writeFileSync(file, exported.stdout);
    const before = await digestsOf(store);
    const close = await openElsewhere(store);
    try {
      expect(await codeOf(...line.map((word) => (word === 'sync.jsonl' ? file : word)))).toBe(6);
    } finally {
      await close();
    }
    expect(await digestsOf(store)).toEqual(before);
  });
});
