// Rules 9 to 12 of docs/leveldb-rules.md: the placement of tables.

import { join } from 'node:path';
import { compareBytes, keyAfter, type Span } from '@sstitch/contract';
import { makeInternalKey, nodeFileSystem, userKeyOf } from '@sstitch/sst';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planBase, planIncoming } from '../src/commit/plan.js';
import { adopt } from '../src/index.js';
import { checkVersion, readVersion } from '../src/leveldb/manifest.js';
import { LEVEL_COUNT, type TableEntry } from '../src/leveldb/version-edit.js';
import { checkRuns } from '../src/tables/check-incoming.js';
import { MAX_RUNS } from '../src/tables/table-set.js';
import {
  type CraftedLevels,
  contentsOfLevels,
  writeLevelDirectory,
  writeTable,
} from './level-directory.js';
import {
  besideStore,
  bytes,
  compactFully,
  contentsOf,
  currentDirectory,
  expectContents,
  expectContentsThroughout,
  numbered,
  openStore,
  put,
  rejection,
  span,
  temporaryDirectory,
} from './store-fixture.js';

/** A table as the planner sees it, with its user keys of one byte. */
interface ModelTable extends TableEntry {
  readonly keys: readonly number[];
}

const KEY_COUNT = 40;

function modelTable(number: number, keys: readonly number[]): ModelTable {
  const at = (key: number | undefined, sequence: bigint) =>
    makeInternalKey(Uint8Array.of(key ?? 0), sequence, 'value');
  return { number, sizeBytes: 1, smallest: at(keys[0], 9n), largest: at(keys.at(-1), 1n), keys };
}

/** Sorted sets of keys. Adjacent sets share no key or one bound (the pairs of rule 10). */
const sortedRuns = (from: number, to: number, seams: boolean) =>
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: from, max: to }), { maxLength: 12 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()), { maxLength: 12 }),
    )
    .map(([unsorted, splits]) => {
      const keys = unsorted.sort((a, b) => a - b);
      const tables: number[][] = [];
      let index = 0;
      for (const [length, seam] of splits) {
        const part = keys.slice(index, index + length);
        const last = tables.at(-1)?.at(-1);
        if (part.length === 0) break;
        tables.push(seams && seam && last !== undefined ? [last, ...part] : part);
        index += length;
      }
      return tables;
    });

const baseLevels = fc
  .tuple(
    fc.array(
      fc.uniqueArray(fc.integer({ min: 0, max: KEY_COUNT - 1 }), { minLength: 1, maxLength: 6 }),
      { maxLength: 4 },
    ),
    ...Array.from({ length: LEVEL_COUNT - 1 }, () => sortedRuns(0, KEY_COUNT - 1, true)),
  )
  .map(([zero, ...deeper]) => {
    let number = 1;
    const sorted = zero.map((keys) => [...keys].sort((a, b) => a - b));
    return [sorted, ...deeper].map((tables) => tables.map((keys) => modelTable(number++, keys)));
  });

interface ModelSpan {
  readonly start: number;
  readonly end: number;
  readonly runs: ModelTable[][];
}

const incomingSpans: fc.Arbitrary<ModelSpan[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: KEY_COUNT }), { maxLength: 8 })
  .map((splits) => splits.sort((a, b) => a - b))
  .chain((splits) => {
    const pairs: Array<[number, number]> = [];
    for (let index = 0; index + 1 < splits.length; index += 2) {
      pairs.push([splits[index] ?? 0, splits[index + 1] ?? 0]);
    }
    return fc.tuple(
      ...pairs.map(([start, end]) =>
        fc.array(sortedRuns(start, end - 1, false), { maxLength: MAX_RUNS }).map((runs) => ({
          start,
          end,
          runs: runs.map((run) => run.map((k) => modelTable(0, k))),
        })),
      ),
    );
  });

const asSpan = ({ start, end }: ModelSpan): Span => ({
  start: Uint8Array.of(start),
  end: Uint8Array.of(end),
});

/** Applies a plan to the model. Returns the tables of each level. */
function carryOut(base: ModelTable[][], spans: ModelSpan[]) {
  const plan = planIncoming(
    planBase({ levels: base }, spans.map(asSpan)),
    spans.map((each) => each.runs),
  );
  const next: Array<Array<{ keys: number[]; origin: 'base' | 'incoming'; run: number }>> =
    Array.from({ length: LEVEL_COUNT }, () => []);
  const keysOf = (table: TableEntry) => [...(table as ModelTable).keys];
  for (const { level, table } of plan.links) {
    next[level]?.push({ keys: keysOf(table), origin: 'base', run: -1 });
  }
  for (const { level, table, outputs } of plan.splits) {
    for (const keep of outputs) {
      const keys = keysOf(table).filter((key) => holds(keep, key));
      if (keys.length > 0) next[level]?.push({ keys, origin: 'base', run: -1 });
    }
  }
  for (const { level, table, spanIndex } of plan.placed) {
    const run = spans[spanIndex]?.runs.findIndex((tables) => tables.includes(table)) ?? -1;
    next[level]?.push({ keys: [...table.keys], origin: 'incoming', run });
  }
  for (const tables of next.slice(1)) tables.sort((a, b) => (a.keys[0] ?? 0) - (b.keys[0] ?? 0));
  return { plan, next };
}

function holds(spans: readonly Span[], key: number): boolean {
  const at = Uint8Array.of(key);
  return spans.some(
    ({ start, end }) =>
      compareBytes(start, at) <= 0 && (end === undefined || compareBytes(at, end) < 0),
  );
}

const property = (check: (base: ModelTable[][], spans: ModelSpan[]) => void) =>
  fc.assert(fc.property(baseLevels, incomingSpans, check), { numRuns: 400 });

describe('the planner, over random versions, spans and runs', () => {
  test('rules 9 and 10: levels 1 to 6 of the next version are disjoint and share no user key', () => {
    property((base, spans) => {
      for (const tables of carryOut(base, spans).next.slice(1)) {
        for (const [index, { keys }] of tables.entries()) {
          const before = tables[index - 1]?.keys.at(-1) ?? -1;
          expect(before).toBeLessThan(keys[0] ?? -1);
        }
      }
    });
  });

  test('rule 10: outside the spans each key stays in its level, once where LevelDB had left it twice', () => {
    property((base, spans) => {
      const outside = (key: number) => !holds(spans.map(asSpan), key);
      const { next } = carryOut(base, spans);
      for (const [level, tables] of base.entries()) {
        const before = tables.flatMap(({ keys }) => keys.filter(outside));
        const after = (next[level] ?? [])
          .filter(({ origin }) => origin === 'base')
          .flatMap(({ keys }) => keys);
        const sort = (keys: Iterable<number>) => [...keys].sort((a, b) => a - b);
        expect(sort(after)).toEqual(level === 0 ? sort(before) : sort(new Set(before)));
      }
    });
  });

  test('rule 11: of two runs the newer lies in the shallower level, and none in level 0', () => {
    property((base, spans) => {
      for (const [spanIndex, { runs }] of spans.entries()) {
        const { plan } = carryOut(base, spans);
        let before = LEVEL_COUNT;
        for (const run of runs.filter((tables) => tables.length > 0)) {
          const levels = new Set(
            plan.placed
              .filter((step) => step.spanIndex === spanIndex && run.includes(step.table))
              .map(({ level }) => level),
          );
          expect(levels.size).toBe(1);
          const level = [...levels][0] ?? 0;
          expect(level).toBeLessThan(before);
          expect(level).toBeGreaterThan(0);
          before = level;
        }
      }
    });
  });

  test('rule 12: the oldest run lies in level 6, the next one level above, and level 0 never grows', () => {
    property((base, spans) => {
      const { plan, next } = carryOut(base, spans);
      expect(next[0]?.length).toBeLessThanOrEqual(base[0]?.length ?? 0);
      for (const [spanIndex, { runs }] of spans.entries()) {
        for (const [age, run] of runs.filter((tables) => tables.length > 0).entries()) {
          for (const table of run) {
            expect(plan.placed).toContainEqual({ level: 6 - age, table, spanIndex });
          }
        }
      }
    });
  });
});

test('rule 9: a MANIFEST whose tables overlap in a level is refused, by adopt and by every read', async () => {
  const directory = temporaryDirectory();
  const table = (from: string, to: string) => [
    { key: from, sequence: 1, value: '' },
    { key: to, sequence: 2, value: '' },
  ];
  const disjoint = writeLevelDirectory(join(directory, 'base'), {
    1: [table('a', 'c'), table('d', 'f')],
  });
  checkVersion(disjoint, '');
  const [first, second] = disjoint.levels[1] ?? [];
  if (first === undefined || second === undefined) throw new Error('two tables were written');
  const wide = { ...first, largest: second.smallest.with(0, 'e'.charCodeAt(0)) };
  const overlapping = { ...disjoint, levels: [[], [wide, second], [], [], [], [], []] };
  expect(() => checkVersion(overlapping, '')).toThrow(/overlapping tables .* in level 1/);
});

/** A user key, "k", in two tables of level 1, as LevelDB can leave it while a snapshot is open. */
const PAIR: CraftedLevels = {
  1: [
    [
      { key: 'a', sequence: 1, value: 'a' },
      { key: 'k', sequence: 9, value: 'new' },
    ],
    [
      { key: 'k', sequence: 5, value: 'old' },
      { key: 'z', sequence: 2, value: 'z' },
    ],
  ],
  3: [[{ key: 'k', sequence: 1, value: 'oldest' }]],
};

describe('rule 10: one user key in two tables of a level', () => {
  test.each([
    ['of another span', [span('c', 'd')]],
    ['of the key', [span('k', 'l')]],
    ['of no span', []],
  ])('rule 10: the pair is repaired by an excise %s', async (_, spans) => {
    const directory = temporaryDirectory();
    writeLevelDirectory(join(directory, 'base'), PAIR);
    await adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem });
    const store = await openStore(join(directory, 'store'));
    await store.excise(spans);
    const { levels } = readVersion(nodeFileSystem, await currentDirectory(store));
    for (const tables of levels.slice(1)) {
      for (const [index, { smallest }] of tables.entries()) {
        const before = tables[index - 1];
        if (before === undefined) continue;
        expect(compareBytes(userKeyOf(before.largest), userKeyOf(smallest))).toBeLessThan(0);
      }
    }
    const expected = contentsOfLevels(PAIR);
    if (spans.some(({ start }) => start[0] === 'k'.charCodeAt(0))) expected.delete('k');
    await expectContentsThroughout(store, expected, ['k']);
  });

  test('rule 10: an extract contains only the newer half of the pair', async () => {
    const directory = temporaryDirectory();
    writeLevelDirectory(join(directory, 'base'), PAIR);
    await adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem });
    const store = await openStore(join(directory, 'store'));
    const target = await openStore(join(directory, 'target'));
    await put(target, [['k', 'target']]);
    const extracted = await store.extract([span('a')], join(directory, 'extracted'));
    // No user key is in two tables of a run.
    checkRuns(extracted.spans);
    await target.ingestAndExcise(extracted, { move: true });
    await expectContentsThroughout(target, contentsOfLevels(PAIR));
  });

  test('rule 10: tables that share a user key at their seam are refused as one run', async () => {
    const directory = temporaryDirectory();
    writeTable(join(directory, '1.table'), [{ key: 'b', sequence: 2, value: '' }]);
    writeTable(join(directory, '2.table'), [{ key: 'b', sequence: 1, value: '' }]);
    const store = await openStore(join(directory, 'store'));
    const paths = [join(directory, '1.table'), join(directory, '2.table')];
    const error = await rejection(store.ingestAndExcise([{ span: span('a', 'c'), runs: [paths] }]));
    expect(error.code).toBe('SSTITCH_TABLES_INVALID');
  });
});

describe('rule 11: the shallower level has the higher sequence', () => {
  const runsOf = (directory: string, ...sequences: number[]) =>
    sequences.map((sequence, index) => {
      const path = join(directory, `${index}.table`);
      writeTable(path, [
        { key: 'b', sequence, value: `${sequence}` },
        { key: `c${index}`, sequence: 50, value: '' },
      ]);
      return [path];
    });

  test.each([
    ['lower sequence', [9, 3]],
    ['same sequence', [9, 9]],
  ])(
    'rule 11: foreign runs whose newer one has the %s for a key are refused',
    async (_, sequences) => {
      const directory = temporaryDirectory();
      const store = await openStore(join(directory, 'store'));
      await put(store, [['b', 'base']]);
      const runs = runsOf(directory, ...sequences);
      const error = await rejection(store.ingestAndExcise([{ span: span('b', 'd'), runs }]));
      expect(error.code).toBe('SSTITCH_TABLES_INVALID');
      await expectContentsThroughout(store, new Map([['b', 'base']]));
    },
  );

  test('rule 11: foreign runs in order are taken, though other keys have their sequences mixed', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(join(directory, 'store'));
    await store.ingestAndExcise([{ span: span('b', 'd'), runs: runsOf(directory, 3, 9, 20) }]);
    await expectContentsThroughout(
      store,
      new Map([
        ['b', '20'],
        ['c0', ''],
        ['c1', ''],
        ['c2', ''],
      ]),
    );
  });

  test('rule 11: level-0 tables keep their order when they are split', async () => {
    const directory = temporaryDirectory();
    const zero = [1, 2, 3].map((age) => [
      { key: 'a', sequence: age * 10, value: `a${age}` },
      { key: 'm', sequence: age * 10 + 1, value: `m${age}` },
      { key: 'z', sequence: age * 10 + 2, value: `z${age}` },
    ]);
    writeLevelDirectory(join(directory, 'base'), { 0: zero });
    await adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem });
    const store = await openStore(join(directory, 'store'));
    await store.excise([span('m', 'n')]);
    const { levels } = readVersion(nodeFileSystem, await currentDirectory(store));
    expect(levels[0]?.map(({ number }) => number)).toEqual([3, 4, 5]);
    await expectContentsThroughout(
      store,
      new Map([
        ['a', 'a3'],
        ['z', 'z3'],
      ]),
      ['m'],
    );
  });
});

test('rule 12: fifty ingested spans start no compaction: all tables stay in level 6', async () => {
  const directory = temporaryDirectory();
  const source = await openStore(join(directory, 'source'));
  await put(source, numbered('k', 1000, 'v'));
  await compactFully(source);
  const store = await openStore(join(directory, 'store'));
  const spans = Array.from({ length: 50 }, (_, index) =>
    span(`k${String(index * 20).padStart(4, '0')}`, `k${String(index * 20 + 20).padStart(4, '0')}`),
  );
  await store.ingestAndExcise(await source.extract(spans, besideStore(store), { share: true }));
  const { levels } = await store.metrics();
  expect(levels.map(({ tables }) => tables)).toEqual([0, 0, 0, 0, 0, 0, 50]);
  await expectContents(store, await contentsOf(source));
});

test('the smallest key after a key is the key and a zero byte', () => {
  expect(keyAfter(bytes('a\xff'))).toEqual(bytes('a\xff\0'));
});
