// Where a commit splits: every relation between bounds of spans and bounds of tables. Each case is a LevelDB directory
// of a known shape, a commit, and the Map that the store must equal after the commit, after a full compaction, and after
// a reopen.

import { join } from 'node:path';
import type { Span } from '@sstitch/contract';
import { nodeFileSystem } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import { adopt } from '../src/index.js';
import {
  type CraftedEntry,
  type CraftedLevels,
  contentsOfLevels,
  newest,
  writeLevelDirectory,
  writeTable,
} from './level-directory.js';
import {
  type Contents,
  expectContents,
  expectContentsThroughout,
  numbered,
  openStore,
  pagesOf,
  put,
  rejection,
  replaceInModel,
  span,
  temporaryDirectory,
} from './store-fixture.js';

/** Makes a table of keys with one version each. */
function keys(list: string, firstSequence = 1, value = `base-${firstSequence}`): CraftedEntry[] {
  return [...list].map((key, index) => ({ key, sequence: firstSequence + index, value }));
}

async function adopted(levels: CraftedLevels) {
  const directory = temporaryDirectory();
  writeLevelDirectory(join(directory, 'base'), levels);
  await adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem });
  return { directory, store: await openStore(join(directory, 'store')) };
}

interface Case {
  readonly levels: CraftedLevels;
  readonly spans: readonly Span[];
  /** Makes runs of one table for each span, oldest first. */
  readonly incoming?: ReadonlyArray<ReadonlyArray<readonly CraftedEntry[]>>;
}

const cases: Record<string, Case> = {
  'a table that straddles the left bound': {
    levels: { 3: [keys('abcde')] },
    spans: [span('c')],
  },
  'a table that straddles the right bound': {
    levels: { 3: [keys('abcde')] },
    spans: [span('', 'c')],
  },
  'a table that straddles both bounds': {
    levels: { 3: [keys('abcde')] },
    spans: [span('b', 'd')],
    incoming: [[keys('c', 100, 'new')]],
  },
  'a table that straddles both bounds, at the level of the incoming table': {
    levels: { 6: [keys('abcde')] },
    spans: [span('b', 'd')],
    incoming: [[keys('c', 100, 'new')]],
  },
  'tables wholly inside, left and right of the span': {
    levels: { 2: [keys('ab'), keys('cd', 10), keys('ef', 20)] },
    spans: [span('c', 'e')],
    incoming: [[keys('d', 100, 'new')]],
  },
  'a straddling table with no key inside the span': {
    levels: { 6: [keys('ae')] },
    spans: [span('b', 'd')],
    incoming: [[keys('c', 100, 'new')]],
  },
  'a straddling table with no key inside any of several spans': {
    levels: { 6: [keys('aei')], 0: [keys('ai', 50)] },
    spans: [span('b', 'd'), span('f', 'g')],
  },
  'a table whose keys are all in two spans': {
    levels: { 4: [keys('ae')], 0: [keys('ae', 50)] },
    spans: [span('a', 'b'), span('e', 'f')],
    incoming: [[keys('a', 100, 'new')], []],
  },
  'level-0 tables that overlap one another and the span': {
    levels: { 0: [keys('ace', 1), keys('bcd', 11), keys('abcde', 21), keys('c', 31)] },
    spans: [span('b', 'd')],
    incoming: [[keys('bc', 5, 'new')]],
  },
  'every level at once': {
    levels: {
      0: [keys('abcde', 71), keys('ac', 81)],
      1: [keys('ab', 61), keys('ce', 66)],
      2: [keys('abcde', 51)],
      3: [keys('cd', 41)],
      4: [keys('abcde', 31)],
      5: [keys('e', 21)],
      6: [keys('abc', 1), keys('de', 11)],
    },
    spans: [span('b', 'd')],
    incoming: [[keys('bc', 1, 'old'), keys('c', 9, 'new')]],
  },
  'tombstones in the base over keys of the span': {
    levels: { 1: [[{ key: 'c', sequence: 500 }]], 6: [keys('abcde')] },
    spans: [span('b', 'd')],
    incoming: [[keys('c', 3, 'new')]],
  },
  'tombstones in the incoming tables, over a base that has the keys': {
    levels: { 6: [keys('abcde', 500)] },
    spans: [span('b', 'e')],
    incoming: [[keys('bcd', 1, 'old'), [{ key: 'c', sequence: 10 }]]],
  },
  'six runs, one per level': {
    levels: { 6: [keys('abcde')], 1: [keys('ae', 50)] },
    spans: [span('b', 'd')],
    incoming: [[1, 2, 3, 4, 5, 6].map((age) => keys('bc', age * 10, `run-${age}`))],
  },
  'bounds of 00 and FF bytes': {
    levels: {
      2: [
        [
          { key: '\0', sequence: 1, value: '0' },
          { key: '\0\0', sequence: 2, value: '1' },
          { key: 'a', sequence: 3, value: '2' },
          { key: 'a\0', sequence: 4, value: '3' },
          { key: 'a\0\0', sequence: 5, value: '4' },
          { key: '\xff', sequence: 6, value: '5' },
          { key: '\xff\0', sequence: 7, value: '6' },
          { key: '\xff\xff', sequence: 8, value: '7' },
          { key: '\xff\xff\xff', sequence: 9, value: '8' },
        ],
      ],
    },
    spans: [span('\0\0', 'a\0'), span('\xff\0', '\xff\xff')],
    incoming: [[[{ key: 'a', sequence: 3, value: 'new' }]], []],
  },
  'a prefix and the keys it begins': {
    levels: {
      2: [
        ['k', 'k\0', 'ka', 'k\xff', 'k\xff\xff', 'l'].map((key, at) => ({
          key,
          sequence: at + 1,
          value: 'base',
        })),
      ],
    },
    spans: [span('k', 'l')],
    incoming: [[keys('k', 9, 'new')]],
  },
  'one key: its span ends at the smallest key after it': {
    levels: {
      2: [['k', 'k\0', 'k\0\0'].map((key, at) => ({ key, sequence: at + 1, value: 'base' }))],
    },
    spans: [span('k', 'k\0')],
  },
  'an empty span in the middle of a table': {
    levels: { 6: [keys('abc')] },
    spans: [span('b', 'b')],
  },
  'several spans, some empty, some without tables, some that touch': {
    levels: { 6: [keys('abcdefgh')], 3: [keys('ah', 50), keys('iz', 60)] },
    spans: [
      span('a', 'a'),
      span('b', 'c'),
      span('c', 'd'),
      span('d', 'd'),
      span('f', 'g'),
      span('y'),
    ],
    incoming: [[], [keys('b', 100, 'new')], [], [], [keys('f', 5, 'new')], [keys('z', 9, 'new')]],
  },
  'the empty start and no end: the whole store': {
    levels: { 6: [keys('abc')], 0: [keys('abc', 50)] },
    spans: [span('')],
    incoming: [[keys('q', 1, 'new')]],
  },
  'tables for spans that the base has nothing in': {
    levels: {},
    spans: [span('b', 'd')],
    incoming: [[keys('bc', 1, 'new')]],
  },
};

describe('a commit over', () => {
  test.each(Object.entries(cases))('%s', async (_, { levels, spans, incoming = [] }) => {
    const { directory, store } = await adopted(levels);
    const expected = contentsOfLevels(levels);
    await expectContents(store, expected);
    const tables = spans.map((each, spanIndex) => ({
      span: each,
      runs: (incoming[spanIndex] ?? []).map((entries, age) => {
        const path = join(directory, `${spanIndex}-${age}.table`);
        writeTable(path, entries);
        return [path];
      }),
    }));
    await store.ingestAndExcise(tables);
    const ever = [...expected.keys()];
    replaceInModel(expected, spans, newest(incoming.flat(2)));
    const reopened = await expectContentsThroughout(store, expected, ever);
    // A later write of an ingested or an excised key wins.
    const after = new Map(ever.map((key) => [key, 'after']));
    await put(reopened, after);
    await expectContents(reopened, new Map([...expected, ...after]));
  });
});

test('the key equal to a start is removed, and the key equal to an end stays', async () => {
  const { store } = await adopted({ 6: [keys('abcd')] });
  await store.excise([span('b', 'c')]);
  await expectContentsThroughout(store, newest(keys('abcd').filter(({ key }) => key !== 'b')), [
    'b',
  ]);
});

test.each([
  ['inverted', [span('c', 'b')]],
  ['overlapping', [span('a', 'c'), span('b', 'd')]],
  ['out of order', [span('c', 'd'), span('a', 'b')]],
  ['after one without an end', [span('a'), span('b', 'c')]],
])('spans that are %s are refused, and the store is unchanged', async (_, spans) => {
  const { store } = await adopted({ 6: [keys('abcd')] });
  for (const call of [
    store.excise(spans),
    store.ingestAndExcise(spans.map((each) => ({ span: each, runs: [] }))),
    store.replaceSpans(spans, pagesOf(new Map())),
    store.extract(spans, join(temporaryDirectory(), 'extracted')),
  ]) {
    expect((await rejection(call)).code).toBe('SSTITCH_SPANS_INVALID');
  }
  await expectContentsThroughout(store, newest(keys('abcd')));
});

test('tables outside their span, at either bound, are refused, and the store is unchanged', async () => {
  const { directory, store } = await adopted({ 6: [keys('abcd')] });
  writeTable(join(directory, '1.table'), keys('bcd', 50));
  const runs = [[join(directory, '1.table')]];
  for (const each of [span('b', 'd'), span('c', 'e'), span('x'), span('b', 'b')]) {
    const error = await rejection(store.ingestAndExcise([{ span: each, runs }]));
    expect(error.code).toBe('SSTITCH_TABLES_INVALID');
    expect(error.path).toBe(join(directory, '1.table'));
  }
  await expectContentsThroughout(store, newest(keys('abcd')));
});

test("a put after a commit overrides every ingested key, however high the source's sequences are", async () => {
  const { directory, store } = await adopted({ 1: [keys('abc')] });
  const path = join(directory, '1.table');
  writeTable(path, [{ key: 'b', sequence: 2 ** 51, value: 'ingested' }]);
  await store.ingestAndExcise([{ span: span('b', 'c'), runs: [[path]] }]);
  await expectContents(store, newest([...keys('ac'), ...keys('abc')]).set('b', 'ingested'));
  await put(store, [['b', 'put']]);
  await expectContents(store, contentsOfLevels({ 1: [keys('abc')] }).set('b', 'put'));
  await store.del(new Uint8Array([99]));
  const expected = contentsOfLevels({ 1: [keys('abc')] }).set('b', 'put');
  expected.delete('c');
  await expectContentsThroughout(store, expected, ['c']);
});

test('the same tables can be ingested twice, with writes in between', async () => {
  const directory = temporaryDirectory();
  const source = await openStore(join(directory, 'source'));
  const store = await openStore(join(directory, 'store'));
  const model: Contents = numbered('k', 300, 'incoming');
  await put(source, model);
  await put(store, [
    ['a', 'kept'],
    ['k0001', 'base'],
  ]);
  const tables = await source.extract([span('k', 'l')], join(directory, 'extracted'));
  await store.ingestAndExcise(tables);
  await put(store, [
    ['k0001', 'between'],
    ['kzzz', 'between'],
  ]);
  await store.ingestAndExcise(tables);
  await expectContentsThroughout(store, new Map([['a', 'kept'], ...model]), ['kzzz']);
});

test('all versions of a key at a split stay together, and a snapshot keeps the old ones', async () => {
  const directory = temporaryDirectory();
  const store = await openStore(join(directory, 'store'));
  await put(store, numbered('k', 20, 'first'));
  const early = store.snapshot();
  await put(store, numbered('k', 20, 'second'));
  const late = store.snapshot();
  await put(store, [['k0010', 'third']]);
  await store.replaceSpans([span('k0005', 'k0011')], pagesOf(new Map([['k0007', 'new']])));
  const expected = numbered('k', 20, 'second');
  replaceInModel(expected, [span('k0005', 'k0011')], new Map([['k0007', 'new']]));
  await expectContents(store, expected, ['k0005', 'k0010']);
  await expectContents(store, numbered('k', 20, 'first'), [], early);
  await expectContents(store, numbered('k', 20, 'second'), [], late);
  await Promise.all([early.close(), late.close()]);
  await expectContentsThroughout(store, expected, ['k0005', 'k0010']);
});

test('a table whose recorded bounds are wider than its keys is linked or split', async () => {
  const directory = temporaryDirectory();
  const base = writeLevelDirectory(
    join(directory, 'base'),
    { 6: [keys('acz')] },
    {
      alter: (version) => ({
        ...version,
        levels: version.levels.map((tables) =>
          tables.map((table) => ({ ...table, largest: table.largest.with(0, 0xf0) })),
        ),
      }),
    },
  );
  expect(base.levels[6]).toHaveLength(1);
  await adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem });
  const store = await openStore(join(directory, 'store'));
  await store.replaceSpans([span('\xc0', '\xff')], pagesOf(new Map([['\xe0', 'new']])));
  await expectContentsThroughout(store, newest(keys('acz')).set('\xe0', 'new'));
});
