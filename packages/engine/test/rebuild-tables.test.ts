// Rebuilding the tables of a source keeps what the store shows and drops what it hides.
import { chmodSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, sequenceOf, TableReader, typeOf, userKeyOf } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import type { ExtractedTables, Store, TableSource } from '../src/index.js';
import { adopt } from '../src/index.js';
import {
  type CraftedLevels,
  contentsOfLevels,
  newest,
  writeLevelDirectory,
} from './level-directory.js';
import {
  type ByteStore,
  besideStore,
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

/** Returns key, sequence and type of every entry of a set's tables, in order. */
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

/** Versions, deletions and overwritten deletions in four levels. */
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

describe('ingestFrom with rebuild', () => {
  test('drops shadowed versions and deletions, and counts the remaining entries', async () => {
    const source = await storeOf(LEVELS);
    const base = await openStore(join(temporaryDirectory(), 'base'));
    await put(base, [...numbered('a', 5, 'base'), ...numbered('b', 5, 'base'), ['d1', 'base']]);
    expect(entriesOf(await source.extract(SPANS, besideStore(base))).length).toBe(12);

    const counts: number[] = [];
    let built: ReturnType<typeof entriesOf> = [];
    let runs: number[] = [];
    const commit = await base.ingestFrom(source, SPANS, {
      rebuild: true,
      onEntries: (entries) => counts.push(entries),
      onExtracted: (tables) => {
        built = entriesOf(tables);
        runs = tables.spans.map((span) => span.runs.length);
      },
    });
    expect(built).toEqual([
      ['b2', 1n, 'value'],
      ['b3', 1n, 'value'],
      ['c1', 1n, 'value'],
      ['c2', 1n, 'value'],
    ]);
    expect(runs).toEqual([1, 1, 0]);
    expect(counts.at(-1)).toBe(4);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
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
    await expectContentsThroughout(base, expected, all.keys());
  });

  test('in worker threads turns a span of many tables into one run of few, with the same entries', async () => {
    const directory = temporaryDirectory();
    const [source, base] = [
      await openThreadedStore(join(directory, 'source')),
      await openThreadedStore(join(directory, 'base')),
    ];
    // 20 MB of values that do not compress: LevelDB writes ten tables.
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
    let entries = 0;
    let runs: number[] = [];
    let tables = 0;
    await base.ingestFrom(source, spans, {
      rebuild: true,
      onEntries: (count) => {
        entries = count;
      },
      onExtracted: (built) => {
        runs = built.spans.map((span) => span.runs.length);
        tables = built.totals.reduce((sum, { built }) => sum + built.tables, 0);
      },
    });
    expect(entries).toBe(model.size);
    expect(runs).toEqual([1, 1]);
    expect(tables).toBeLessThanOrEqual(6);
    const expected = numbered('p', 9, 'old');
    replaceInModel(expected, spans, model);
    await expectContents(base, expected, ['p00007']);
  });

  test('stops at an abort or when a listener throws, and changes nothing', async () => {
    const source = await storeOf(LEVELS);
    const base = await openStore(join(temporaryDirectory(), 'base'));
    await put(base, numbered('b', 3, 'base'));
    const aborting = new AbortController();
    const options = { signal: aborting.signal, onEntries: () => aborting.abort() };
    const error = await rejection(base.ingestFrom(source, SPANS, { rebuild: true, ...options }));
    expect(error.code).toBe('SSTITCH_ABORTED');
    const thrown = new Error('of the listener');
    const fail = () => {
      throw thrown;
    };
    for (const listener of [{ onEntries: fail }, { onExtracted: fail }]) {
      const failing = base.ingestFrom(source, SPANS, { rebuild: true, ...listener });
      await expect(failing).rejects.toBe(thrown);
    }
    await expectContentsThroughout(base, numbered('b', 3, 'base'));
  });

  test('refuses a damaged table and leaves the base unchanged', async () => {
    const source = await storeOf(LEVELS);
    const base = await openStore(join(temporaryDirectory(), 'base'));
    const damaging: TableSource = {
      async extract(spans, directory, options) {
        const tables = await source.extract(spans, directory, options);
        const split = readdirSync(directory).find((name) => name.endsWith('.part'));
        const path = join(directory, split ?? 'none');
        chmodSync(path, 0o644);
        truncateSync(path, 10);
        return tables;
      },
    };
    const failing = base.ingestFrom(damaging, SPANS, { rebuild: true });
    expect(await rejection(failing)).toMatchObject({ code: 'SSTITCH_TABLES_INVALID' });
    await expectContentsThroughout(base, new Map());
  });

  test('lets other commits of the base run while it builds', async () => {
    const source = await storeOf(LEVELS);
    const base = await openStore(join(temporaryDirectory(), 'base'));
    await put(base, numbered('x', 3, 'base'));
    let excising: ReturnType<Store['excise']> | undefined;
    const onEntries = () => {
      excising ??= base.excise([span('x', 'y')]);
    };
    // A commit that waited for the whole ingest would be the later one.
    const { generation } = await base.ingestFrom(source, SPANS, { rebuild: true, onEntries });
    expect([(await excising)?.generation, generation]).toEqual([2, 3]);
  });
});

test('an ingest accepts only the object that this engine extracted, not a copy of it', async () => {
  const source = await storeOf(LEVELS);
  const base = await openStore(join(temporaryDirectory(), 'base'));
  const extracted = await source.extract(SPANS, besideStore(base));
  const { spans, totals } = extracted;
  for (const forged of [{ ...extracted }, { spans, totals }, Object.create(extracted)]) {
    expect(await rejection(base.ingestAndExcise(forged as never))).toMatchObject({
      code: 'SSTITCH_TABLES_INVALID',
    });
  }
  await base.ingestAndExcise(extracted);
});
