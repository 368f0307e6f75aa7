// Checkpoints for Pebble. tools/interop checks with Pebble itself that it opens them.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, verifyTable } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { describe, expect, test } from 'vitest';
import { adopt, type CheckpointFormat } from '../src/index.js';
import { readVersion } from '../src/leveldb/manifest.js';
import { writeLevelDirectory } from './level-directory.js';
import {
  type ByteStore,
  bytes,
  type Contents,
  compactFully,
  contentsOf,
  expectContents,
  openStore,
  openThreadedStore,
  put,
  rejection,
  span,
  temporaryDirectory,
  text,
  VIEW,
} from './store-fixture.js';
import { fileError, watchedFileSystem } from './watched-file-system.js';

const PEBBLE = { format: 'pebble' } as const;

/** Values that compress little, so that 3,000 entries take some hundred KiB. */
const value = (index: number) => `${index * 7919} ${(index * 104_729) % 1_000_003} `.repeat(4);
const entriesOf = (prefix: string, count: number): Array<[string, string]> =>
  Array.from({ length: count }, (_, index) => [
    `${prefix}${String(index).padStart(6, '0')}`,
    value(index),
  ]);

/**
 * Fills a store so that it has LevelDB's tables, virtual tables, a table in a shallower level that hides entries, and
 * entries in the log.
 */
async function fill(store: ByteStore): Promise<Contents> {
  await put(store, entriesOf('k', 3000));
  await compactFully(store);
  await store.excise([span('k001000', 'k002000')]);
  await put(store, [['k000007', 'newer']]);
  await store.del(bytes('k000008'));
  // Flushes.
  await store.excise([span('x', 'y')]);
  await put(store, [['k000009', 'newest'], ...entriesOf('m', 10)]);
  return await contentsOf(store);
}

async function filledStore() {
  const directory = temporaryDirectory();
  const fileSystem = watchedFileSystem();
  const options = { fileSystem, shareTablesFromBytes: 4096 };
  const store = await openStore(join(directory, 'store'), options);
  const model = await fill(store);
  return { store, model, fileSystem, target: join(directory, 'target') };
}

async function contentsForLevelDb(directory: string): Promise<Contents> {
  const options = { ...VIEW, createIfMissing: false };
  const database = new ClassicLevel<Uint8Array, Uint8Array>(directory, options);
  await database.open();
  try {
    const entries = await database.iterator().all();
    return new Map(entries.map(([key, found]) => [text(key), text(found)]));
  } finally {
    await database.close();
  }
}

describe('a checkpoint for Pebble', () => {
  test('has the contents of the store, also for LevelDB, and does not change the store', async () => {
    const { store, model, target } = await filledStore();
    expect(model.get('k000009')).toBe('newest');
    const copied = await store.checkpoint(target, PEBBLE);
    expect(copied).toMatchObject({ linkedBytes: 0, copiedTables: copied.tables });
    expect(await contentsForLevelDb(target)).toEqual(model);
    await expectContents(store, model);
    expect(readdirSync(join(store.location, 'staging'))).toEqual([]);
  });

  test('has the files that Pebble knows, and a marker that names the MANIFEST', async () => {
    const { store, target } = await filledStore();
    const { tables, copiedBytes } = await store.checkpoint(target, PEBBLE);
    const names = readdirSync(target);
    const manifest = readFileSync(join(target, 'CURRENT'), 'latin1').trim();
    expect(names.filter((name) => !name.endsWith('.sst')).sort()).toEqual([
      'CURRENT',
      manifest,
      'marker.format-version.000001.013',
      `marker.manifest.000001.${manifest}`,
    ]);
    expect(names.filter((name) => name.endsWith('.sst')).length).toBe(tables);
    const sizes = names.map((name) => (/sst$/.test(name) ? statSync(join(target, name)).size : 0));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(copiedBytes);
  });

  test('has one run of sound tables with properties in the last level, each in its own file', async () => {
    const { store, model, target } = await filledStore();
    await store.checkpoint(target, PEBBLE);
    const levels = readVersion(nodeFileSystem, target).levels;
    expect(levels.slice(0, -1).flat()).toEqual([]);
    let counted = 0;
    for (const { number, sizeBytes, smallest, largest } of levels.flat()) {
      const path = join(target, `${String(number).padStart(6, '0')}.sst`);
      expect(statSync(path)).toMatchObject({ size: sizeBytes, nlink: 1 });
      const table = verifyTable(nodeFileSystem, path);
      expect([table.smallest, table.largest]).toEqual([smallest, largest]);
      expect([table.deletions, table.largestSequence]).toEqual([0, 0]);
      expect(readFileSync(path, 'latin1')).toContain('rocksdb.num.entries');
      counted += table.entries;
    }
    expect(counted).toBe(model.size);
  });

  test('holds the newest version of a key whose versions lie in two tables', async () => {
    const directory = temporaryDirectory();
    const source = join(directory, 'level');
    writeLevelDirectory(source, {
      1: [
        [
          { key: 'a', sequence: 1, value: 'first' },
          { key: 'k', sequence: 9, value: 'new' },
        ],
        [
          { key: 'k', sequence: 5, value: 'old' },
          { key: 'm', sequence: 2, value: 'last' },
        ],
      ],
    });
    const path = join(directory, 'store');
    await adopt(source, path, { fileSystem: nodeFileSystem });
    const store = await openStore(path);
    const target = join(directory, 'target');
    await store.checkpoint(target, PEBBLE);
    expect([...(await contentsForLevelDb(target))]).toEqual([
      ['a', 'first'],
      ['k', 'new'],
      ['m', 'last'],
    ]);
  });

  test('of an empty store is an empty database', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(join(directory, 'store'));
    const target = join(directory, 'target');
    expect(await store.checkpoint(target, PEBBLE)).toMatchObject({ tables: 0 });
    expect(await contentsForLevelDb(target)).toEqual(new Map());
  });

  test('is made by worker threads in an existing empty directory', async () => {
    const directory = temporaryDirectory();
    const store = await openThreadedStore(join(directory, 'store'));
    const model = await fill(store);
    const target = join(directory, 'deep', 'target');
    mkdirSync(target, { recursive: true });
    await store.checkpoint(target, PEBBLE);
    expect(await contentsForLevelDb(target)).toEqual(model);
  });
});

describe('a checkpoint for Pebble is refused', () => {
  test('into a directory that is not empty, or inside the store', async () => {
    const { store, target } = await filledStore();
    mkdirSync(target);
    writeFileSync(join(target, 'theirs'), 'text');
    expect((await rejection(store.checkpoint(target, PEBBLE))).code).toBe('SSTITCH_TARGET_EXISTS');
    expect(readdirSync(target)).toEqual(['theirs']);
    const inside = join(store.location, 'backup');
    expect((await rejection(store.checkpoint(inside, PEBBLE))).code).toBe('SSTITCH_OPTION_INVALID');
    expect(existsSync(inside)).toBe(false);
  });

  test('of a store with an empty key, until it is deleted', async () => {
    const { store, target } = await filledStore();
    await store.put(bytes(''), bytes('value'));
    const error = await rejection(store.checkpoint(target, PEBBLE));
    expect(error).toMatchObject({ code: 'SSTITCH_OPTION_INVALID', key: bytes('') });
    expect(error.message).toContain('empty key');
    expect(existsSync(target)).toBe(false);
    await store.del(bytes(''));
    await store.checkpoint(target, PEBBLE);
    expect(await contentsForLevelDb(target)).toEqual(await contentsOf(store));
  });

  test('in an unknown format', async () => {
    const { store, target } = await filledStore();
    const format = 'rocksdb' as CheckpointFormat;
    expect(await rejection(store.checkpoint(target, { format }))).toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
      message: "format must be 'store' or 'pebble'",
    });
  });
});

test('a checkpoint for Pebble that fails at any operation leaves nothing, and the next one succeeds', async () => {
  const { store, model, fileSystem, target } = await filledStore();
  const isOfTarget = (path: string) => path.startsWith(target) || path.includes('/staging/');
  const mayFail = ({ name, path }: { name: string; path: string }) =>
    isOfTarget(path) && !['unlink', 'removeDirectory', 'readdir', 'status'].includes(name);
  const count = async (failAt: number): Promise<number> => {
    let seen = 0;
    fileSystem.before = (operation) => {
      if (!mayFail(operation)) return;
      seen += 1;
      if (seen === failAt) throw fileError('EIO', operation.name, operation.path);
    };
    try {
      if (failAt === 0) await store.checkpoint(target, PEBBLE);
      else {
        const error = await rejection(store.checkpoint(target, PEBBLE));
        expect(['SSTITCH_FILE_OPERATION', 'SSTITCH_STORE_CORRUPT']).toContain(error.code);
        expect(existsSync(target)).toBe(false);
      }
    } finally {
      fileSystem.before = () => undefined;
    }
    return seen;
  };
  const operations = await count(0);
  expect(operations).toBeGreaterThan(15);
  expect(await contentsForLevelDb(target)).toEqual(model);
  nodeFileSystem.rename(target, `${target}-first`);
  for (let failAt = 1; failAt <= operations; failAt += 1) await count(failAt);
  await count(0);
  expect(await contentsForLevelDb(target)).toEqual(model);
  await expectContents(store, model);
});

test('a checkpoint for Pebble that is aborted, or whose store closes, leaves nothing', async () => {
  for (const how of ['abort', 'close'] as const) {
    const { store, fileSystem, target } = await filledStore();
    const controller = new AbortController();
    let closing: Promise<void> | undefined;
    fileSystem.before = ({ name, path }) => {
      if (name !== 'write' || !path.startsWith(target) || closing !== undefined) return;
      if (how === 'abort') controller.abort();
      else closing = store.close();
    };
    const { signal } = controller;
    const error = await rejection(store.checkpoint(target, { ...PEBBLE, signal }));
    expect(error.code).toBe('SSTITCH_ABORTED');
    await closing;
    expect(existsSync(target)).toBe(false);
  }
});
