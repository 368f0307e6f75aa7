// Compares random databases with a model: layers of tables, some of them ingested or virtual, and WALs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { text } from '../../test/byte-writer.js';
import { type BatchItem, encodeBatch } from '../../test/encode-batch.js';
import { EditWriter, encodeDatabase } from '../../test/encode-database.js';
import { encodeLog } from '../../test/encode-log.js';
import { encodeRowTable, type RowDeletion, type RowPoint } from '../../test/encode-row-table.js';
import { DIRECTORY, type MemoryFiles } from '../../test/memory-files.js';
import { PebbleDatabase } from '../index.js';

type Model = Map<string, string>;

interface Operation {
  readonly key: string;
  readonly kind: 'set' | 'setWithDelete' | 'delete' | 'singleDelete' | 'deleteSized' | 'range';
  readonly other: string;
}

const key = fc.stringMatching(/^[abc]{0,3}$/);
const operation: fc.Arbitrary<Operation> = fc.record({
  key,
  kind: fc.constantFrom(
    'set',
    'set',
    'setWithDelete',
    'delete',
    'singleDelete',
    'deleteSized',
    'range',
  ),
  other: key,
});
const layer = fc.record({
  operations: fc.array(operation, { minLength: 1, maxLength: 12 }),
  kind: fc.constantFrom('table', 'virtual', 'ingested'),
  version: fc.constantFrom(1, 2, 3, 4),
  isInLevel0: fc.boolean(),
  /** The bounds of a virtual table. */
  bounds: fc.tuple(key, key, fc.boolean()),
  pointsInBlock: fc.integer({ min: 1, max: 5 }),
});
type Layer = typeof layer extends fc.Arbitrary<infer T> ? T : never;

const KINDS = { set: 1, setWithDelete: 18, delete: 0, singleDelete: 7, deleteSized: 23, range: 15 };

/** Applies operations to the keys that `isIn` accepts. */
function apply(
  model: Model,
  operations: readonly Operation[],
  sequence: number,
  isIn: (key: string) => boolean = () => true,
): void {
  for (const [index, { key: start, kind, other }] of operations.entries()) {
    if (kind === 'range') {
      for (const present of [...model.keys()]) {
        if (present >= start && present < other && isIn(present)) model.delete(present);
      }
    } else if (isIn(start)) {
      if (kind === 'set' || kind === 'setWithDelete') model.set(start, `value ${sequence + index}`);
      else model.delete(start);
    }
  }
}

function pointsOf(operations: readonly Operation[], sequence: number): RowPoint[] {
  return operations
    .map(({ key, kind }, index) => {
      const value = `value ${sequence + index}`;
      return { key, kind: KINDS[kind], sequence: sequence + index, value };
    })
    .filter(({ kind }) => kind !== KINDS.range)
    .sort((a, b) => (a.key === b.key ? b.sequence - a.sequence : a.key < b.key ? -1 : 1));
}

function deletionsOf(operations: readonly Operation[], sequence: number): RowDeletion[] {
  return operations
    .map(({ key: start, kind, other: end }, index) => ({
      start,
      kind,
      end,
      sequence: sequence + index,
    }))
    .filter(({ kind, start, end }) => kind === 'range' && start < end)
    .sort((a, b) => (a.start === b.start ? b.sequence - a.sequence : a.start < b.start ? -1 : 1));
}

/** Keeps one entry for each key, as in an ingested table, all of which has one sequence number. */
function withoutVersions(operations: readonly Operation[]): Operation[] {
  const last = new Map(operations.filter(({ kind }) => kind !== 'range').map((op) => [op.key, op]));
  return [...operations.filter(({ kind }) => kind === 'range'), ...last.values()];
}

interface Build {
  readonly model: Model;
  readonly edit: EditWriter;
  readonly files: Map<string, Uint8Array>;
  sequence: number;
  number: number;
}

function addLayer(build: Build, { operations: all, ...layer }: Layer, index: number): void {
  const isIngested = layer.kind === 'ingested';
  const operations = isIngested ? withoutVersions(all) : all;
  const base = isIngested ? 0 : build.sequence;
  const stored = operations.map((_, index) => (isIngested ? 0 : base + index));
  const renumber = <T extends { sequence: number }>(item: T): T =>
    isIngested ? { ...item, sequence: 0 } : item;
  const points = pointsOf(operations, build.sequence).map((point) => ({
    ...renumber(point),
    value: isIngested ? `value ${build.sequence}` : point.value,
  }));
  const rangeDeletions = deletionsOf(operations, build.sequence).map(renumber);
  if (points.length + rangeDeletions.length === 0) return;
  const { pointsInBlock } = layer;
  const version = layer.version as 1 | 2 | 3 | 4;
  const bytes = encodeRowTable({ points, rangeDeletions, version, pointsInBlock });
  const number = build.number;
  build.number += 2;
  const name = (n: number) => `${String(n).padStart(6, '0')}.sst`;
  const keys = points.map((point) => point.key);
  const starts = [...keys, ...rangeDeletions.map(({ start }) => start)].sort();
  const ends = rangeDeletions.map(({ end }) => end).sort();
  const lastKey = keys.at(-1);
  const lastEnd = ends.at(-1);
  const isExclusive = lastEnd !== undefined && (lastKey === undefined || lastEnd > lastKey);
  const table = {
    number,
    // Below level 0, tables of one level must not overlap.
    level: layer.isInLevel0 ? 0 : 6 - index,
    sizeBytes: bytes.length,
    smallest: starts[0] as string,
    largest: (isExclusive ? lastEnd : lastKey) as string,
    isExclusive,
    sequences: isIngested
      ? ([build.sequence, build.sequence] as const)
      : ([Math.min(...stored), Math.max(...stored) + 1] as const),
  };
  if (layer.kind === 'virtual') {
    const [a, b, splitExclusive] = layer.bounds;
    const [smallest, largest] = a < b ? [a, b] : [b, a];
    if (smallest === largest && splitExclusive) return;
    const backing = number + 1;
    build.files.set(name(backing), bytes);
    build.edit.addBacking(backing, bytes.length);
    build.edit.addTable({ ...table, backing, smallest, largest, isExclusive: splitExclusive });
    const isIn = (k: string) => k >= smallest && (splitExclusive ? k < largest : k <= largest);
    apply(build.model, operations, build.sequence, isIn);
  } else {
    build.files.set(name(number), bytes);
    build.edit.addTable(table);
    if (isIngested) applyIngested(build.model, operations, build.sequence);
    else apply(build.model, operations, build.sequence);
  }
  build.sequence += operations.length + 1;
}

/** An ingested table has one sequence number, so its range deletions hide none of its points. */
function applyIngested(model: Model, operations: readonly Operation[], sequence: number): void {
  const ranges = operations.filter(({ kind }) => kind === 'range');
  apply(model, ranges, sequence);
  for (const op of operations) if (op.kind !== 'range') apply(model, [op], sequence);
}

function buildDatabase(
  layers: readonly Layer[],
  logs: readonly (readonly Operation[])[],
): { files: MemoryFiles; model: Model } {
  const build: Build = {
    model: new Map(),
    edit: new EditWriter().head().logNumber(900),
    files: new Map(),
    sequence: 10,
    number: 5,
  };
  for (const [index, each] of layers.entries()) addLayer(build, each, index);
  for (const [index, operations] of logs.entries()) {
    const items = operations.map(({ key, kind, other }, at): BatchItem => {
      const value = kind === 'range' ? other : `value ${build.sequence + at}`;
      const hasValue = kind !== 'delete' && kind !== 'singleDelete';
      return { kind: KINDS[kind], key, ...(hasValue ? { value } : {}) };
    });
    const format = (['legacy', 'recyclable', 'sync'] as const)[index % 3] ?? 'legacy';
    const log = encodeLog([encodeBatch(build.sequence, items)], format, 900 + index);
    build.files.set(`000${900 + index}.log`, log);
    apply(build.model, operations, build.sequence);
    build.sequence += operations.length;
  }
  return { files: encodeDatabase([build.edit], build.files), model: build.model };
}

describe('a random database', () => {
  it('has the entries of a model, as a whole and in every range', async () => {
    const property = fc.asyncProperty(
      fc.array(layer, { maxLength: 6 }),
      fc.array(fc.array(operation, { minLength: 1, maxLength: 6 }), { maxLength: 3 }),
      fc.array(fc.tuple(key, key), { minLength: 3, maxLength: 3 }),
      async (layers, logs, ranges) => {
        const { files, model } = buildDatabase(layers, logs);
        const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: files });
        expect(list(database)).toEqual(sorted);
        for (const [a, b] of ranges) {
          const [start, end] = a < b ? [a, b] : [b, a];
          const expected = sorted.filter(([k]) => k >= start && k < end);
          expect(list(database, start, end)).toEqual(expected);
          expect(database.getSync(text(a))).toEqual(
            model.has(a) ? text(model.get(a) as string) : undefined,
          );
        }
        await database.close();
        expect(files.openCount).toBe(0);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });
});

function list(database: PebbleDatabase, start?: string, end?: string): [string, string][] {
  const range = {
    start: start === undefined ? undefined : text(start),
    end: end === undefined ? undefined : text(end),
    pageEntries: 3,
  };
  return [...database.entriesSync(range)]
    .flat()
    .map(({ key: k, value }) => [Buffer.from(k).toString(), Buffer.from(value).toString()]);
}
