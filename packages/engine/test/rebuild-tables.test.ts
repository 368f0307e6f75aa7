// Extracted tables built anew: what a store shows stays, what it hides goes.
import { existsSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, sequenceOf, TableReader, typeOf, userKeyOf } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import type { ExtractedTables } from '../src/index.js';
import { adopt } from '../src/index.js';
import {
  type CraftedLevels,
  contentsOfLevels,
  newest,
  writeLevelDirectory,
} from './level-directory.js';
import {
  type ByteStore,
  type Contents,
  expectContents,
  expectContentsThroughout,
  isInside,
  numbered,
  openStore,
  openThreadedStore,
  put,
  rejection,
  replaceInModel,
  span,
  temporaryDirectory,
  text,
} from './store-fixture.js';

/** Every entry of a set's tables, in their order: key, sequence, type. */
function entriesOf(tables: ExtractedTables): Array<[string, bigint, string]> {
  const entries: Array<[string, bigint, string]> = [];
  for (const { path, sizeBytes } of tables.spans.flatMap(({ runs }) => runs.flat())) {
    const reader = TableReader.open(nodeFileSystem, path, { sizeBytes });
    const iterator = reader.iterator();
    for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
      const { key } = iterator;
      entries.push([text(userKeyOf(key)), sequenceOf(key), typeOf(key)]);
    }
    reader.close();
  }
  return entries;
}

async function storeOf(levels: CraftedLevels): Promise<ByteStore> {
  const directory = temporaryDirectory();
  writeLevelDirectory(join(directory, 'level'), levels);
  await adopt(join(directory, 'level'), join(directory, 'store'), { fileSystem: nodeFileSystem });
  return openStore(join(directory, 'store'));
}

/** Staging directories of a store, and what removes them all: an extract leaves its directory to its caller. */
function stagingOf(store: ByteStore) {
  const directories: string[] = [];
  const next = async () => {
    const directory = await store.newStagingDirectory();
    directories.push(directory);
    return directory;
  };
  const clear = async () => {
    for (const directory of directories) {
      await store.removeStagingDirectory(directory);
      expect(existsSync(directory)).toBe(false);
    }
  };
  return { next, clear };
}

/** Versions, deletions and deleted deletions over four levels. */
const LEVELS: CraftedLevels = {
  0: [
    [
      { key: 'b1', sequence: 41 },
      { key: 'c2', sequence: 42, value: 'c2-new' },
    ],
    [
      { key: 'b3', sequence: 51, value: 'b3-newest' },
      { key: 'd1', sequence: 52 },
    ],
  ],
  1: [[{ key: 'b3', sequence: 31 }]],
  2: [
    [
      { key: 'a1', sequence: 21, value: 'a1' },
      { key: 'b1', sequence: 22, value: 'b1-old' },
      { key: 'b1', sequence: 12, value: 'b1-older' },
      { key: 'b2', sequence: 23, value: 'b2' },
    ],
    [
      { key: 'c1', sequence: 24, value: 'c1' },
      { key: 'c2', sequence: 25 },
      { key: 'd1', sequence: 26, value: 'd1-old' },
    ],
  ],
  3: [[{ key: 'c2', sequence: 1, value: 'c2-old' }]],
};
const SPANS = [span('b', 'c'), span('c', 'd'), span('d', 'e')];

describe('rebuildTables', () => {
  test('leaves shadowed versions and deletions behind, and counts what is left', async () => {
    const source = await storeOf(LEVELS);
    const base = await openStore(join(temporaryDirectory(), 'base'));
    await put(base, [...numbered('a', 5, 'base'), ...numbered('b', 5, 'base'), ['d1', 'base']]);
    const staging = stagingOf(base);
    const extracted = await source.extract(SPANS, await staging.next());
    expect(entriesOf(extracted).length).toBe(12);

    const told: number[] = [];
    const rebuilt = await base.rebuildTables(extracted, await staging.next(), {
      onEntries: (entries) => told.push(entries),
    });
    expect(entriesOf(rebuilt)).toEqual([
      ['b2', 1n, 'value'],
      ['b3', 1n, 'value'],
      ['c1', 1n, 'value'],
      ['c2', 1n, 'value'],
    ]);
    expect(rebuilt.entries).toEqual([2, 2, 0]);
    expect(rebuilt.spans.map(({ runs }) => runs.length)).toEqual([1, 1, 0]);
    expect(told.at(-1)).toBe(4);
    expect(told).toEqual([...told].sort((a, b) => a - b));

    const commit = await base.ingestAndExcise(rebuilt, { move: true });
    expect(commit.spans.map(({ built }) => built.tables)).toEqual([1, 1, 0]);
    expect(commit.generation).toBe(2);
    const expected = new Map([...numbered('a', 5, 'base')]);
    for (const [key, value] of contentsOfLevels(LEVELS)) {
      if (isInside(SPANS, key)) expected.set(key, value);
    }
    const all = newest(
      Object.values(LEVELS)
        .flat(2)
        .map(({ key, sequence }) => ({ key, sequence, value: '' })),
    );
    await staging.clear();
    await expectContentsThroughout(base, expected, all.keys());
  });

  test('in worker threads, of a span of many tables: the same entries, in one run of few', async () => {
    const directory = temporaryDirectory();
    const [source, base] = [
      await openThreadedStore(join(directory, 'source')),
      await openThreadedStore(join(directory, 'base')),
    ];
    // Values that do not compress: 20 MB, of which LevelDB makes ten tables.
    let seed = 1;
    const noise = () => {
      let value = '';
      for (let index = 0; index < 4096; index++) {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        value += String.fromCharCode((seed >>> 16) & 0xff);
      }
      return value;
    };
    const model: Contents = new Map();
    for (let round = 0; round < 10; round++) {
      const written: Array<[string, string]> = Array.from({ length: 500 }, (_, index) => {
        return [`p${String((index * 10 + round) % 4500).padStart(5, '0')}`, noise()];
      });
      await put(source, written);
      for (const [key, value] of written) model.set(key, value);
    }
    await put(base, numbered('p', 9, 'old'));
    await source.del(Uint8Array.from(Buffer.from('p00007')));
    model.delete('p00007');

    const spans = [span('p', 'p02'), span('p02', 'q')];
    const staging = stagingOf(base);
    const extracted = await source.extract(spans, await staging.next());
    const rebuilt = await base.rebuildTables(extracted, await staging.next());
    expect(rebuilt.entries.reduce((sum, entries) => sum + entries, 0)).toBe(model.size);
    expect(rebuilt.spans.map(({ runs }) => runs.length)).toEqual([1, 1]);
    expect(rebuilt.spans.flatMap(({ runs }) => runs.flat()).length).toBeLessThanOrEqual(6);
    await base.ingestAndExcise(rebuilt, { move: true });
    const expected = numbered('p', 9, 'old');
    replaceInModel(expected, spans, model);
    await expectContents(base, expected, ['p00007']);
  });

  test('stops at an abort, and at what the listener throws; nothing is changed', async () => {
    const source = await storeOf(LEVELS);
    const base = await openStore(join(temporaryDirectory(), 'base'));
    await put(base, numbered('b', 3, 'base'));
    const staging = stagingOf(base);
    const extracted = await source.extract(SPANS, await staging.next());
    const aborting = new AbortController();
    const options = { signal: aborting.signal, onEntries: () => aborting.abort() };
    const directory = await staging.next();
    const error = await rejection(base.rebuildTables(extracted, directory, options));
    expect(error.code).toBe('SSTITCH_ABORTED');
    const thrown = new Error('of the listener');
    const onEntries = () => {
      throw thrown;
    };
    const other = await staging.next();
    await expect(base.rebuildTables(extracted, other, { onEntries })).rejects.toBe(thrown);
    await staging.clear();
    await expectContentsThroughout(base, numbered('b', 3, 'base'));
  });

  test('refuses tables that are damaged or were not extracted', async () => {
    const source = await storeOf(LEVELS);
    const base = await openStore(join(temporaryDirectory(), 'base'));
    const staging = stagingOf(base);
    const directory = await staging.next();
    const extracted = await source.extract(SPANS, directory);
    const [target, other] = [await staging.next(), await staging.next()];
    expect(await rejection(base.rebuildTables({ ...extracted }, target))).toMatchObject({
      code: 'SSTITCH_TABLES_INVALID',
    });
    const split = readdirSync(directory).find((name) => name.endsWith('.part'));
    truncateSync(join(directory, split ?? 'none'), 10);
    expect(await rejection(base.rebuildTables(extracted, other))).toMatchObject({
      code: 'SSTITCH_TABLES_INVALID',
    });
    await staging.clear();
    await expectContentsThroughout(base, new Map());
  });
});
