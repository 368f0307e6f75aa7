// Two stores hold the same entries in the ranges that `sharedSpans` returns. SSTITCH_LONG=1 runs thousands of steps.
import { join } from 'node:path';
import { problemOfSpans, type Span, spanContains } from '@sstitch/contract';
import { nodeFileSystem } from '@sstitch/sst';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openReadOnly, type ReadOnlyStore } from '../src/index.js';
import {
  type ByteStore,
  bytes,
  type Contents,
  compactFully,
  contentsOf,
  isInside,
  numbered,
  openStore,
  pagesOf,
  put,
  rejection,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';

const { SSTITCH_LONG: longRun } = process.env;
const RUNS = longRun ? 300 : 25;
const MAX_STEPS = longRun ? 40 : 12;
const EVERYTHING = [span('')];

type ByteReader = ReadOnlyStore<Uint8Array, Uint8Array>;

/** Runs `use` on read-only views of two stores. */
async function withReaders<T>(
  stores: readonly [ByteStore, ByteStore],
  use: (left: ByteReader, right: ByteReader) => Promise<T>,
): Promise<T> {
  const options = { ...VIEW, fileSystem: nodeFileSystem };
  const left = await openReadOnly<Uint8Array, Uint8Array>(stores[0].location, options);
  const right = await openReadOnly<Uint8Array, Uint8Array>(stores[1].location, options);
  try {
    return await use(left, right);
  } finally {
    await Promise.all([left.close(), right.close()]);
  }
}

function inside(contents: Contents, spans: readonly Span[]): Contents {
  return new Map([...contents].filter(([key]) => isInside(spans, key)));
}

async function openTwo(): Promise<[ByteStore, ByteStore]> {
  const directory = temporaryDirectory();
  return [await openStore(join(directory, 'left')), await openStore(join(directory, 'right'))];
}

describe('sharedSpans', () => {
  test('contains all keys of a linked table, except those that were written since', async () => {
    const [base, source] = await openTwo();
    const model = numbered('k', 2000, 'v');
    await source.replaceSpans(EVERYTHING, pagesOf(model));
    await base.ingestFrom(source, EVERYTHING);
    const sharedOf = () =>
      withReaders([base, source], async (left, right) => {
        const spans = await left.sharedSpans(right, EVERYTHING);
        expect(await right.sharedSpans(left, EVERYTHING)).toEqual(spans);
        return spans;
      });
    expect(inside(model, await sharedOf())).toEqual(model);
    await put(base, [
      ['k0100', 'changed'],
      ['k1900', 'changed'],
      ['z', 'added'],
    ]);
    await source.del(bytes('k0500'));
    const left = await sharedOf();
    for (const key of ['k0100', 'k1900', 'k0500']) {
      expect(left.some((each) => spanContains(each, bytes(key)))).toBe(false);
    }
    expect(inside(model, left).size).toBe(model.size - 3);
    await compactFully(base);
    expect(await sharedOf()).toEqual([]);
  });

  test('contains the keys that a store shares with its checkpoint', async () => {
    const [base] = await openTwo();
    const model = numbered('k', 500, 'v');
    await base.replaceSpans(EVERYTHING, pagesOf(model));
    const copied = `${base.location}-checkpoint`;
    await base.checkpoint(copied);
    const copy = await openStore(copied);
    await put(base, [['k0001', 'changed']]);
    const spans = await withReaders([base, copy], (left, right) =>
      left.sharedSpans(right, [span('k0', 'k03')]),
    );
    expect(inside(model, spans).size).toBe(299);
    expect(isInside(spans, 'k0300')).toBe(false);
  });

  test('contains the keys before the first and after the last of many changes in a table', async () => {
    const [base, source] = await openTwo();
    const model = numbered('k', 1000, 'v');
    await source.replaceSpans(EVERYTHING, pagesOf(model));
    await base.ingestFrom(source, EVERYTHING);
    const changed = [...model.keys()].filter((_, at) => at >= 300 && at < 700 && at % 3 === 0);
    await put(
      base,
      changed.map((key) => [key, 'changed']),
    );
    const spans = await withReaders([base, source], (left, right) =>
      left.sharedSpans(right, EVERYTHING),
    );
    expect(spans).toHaveLength(2);
    expect(inside(model, spans).size).toBe(300 + 300);
  });

  test('is empty for other engines, and refuses spans that are out of order', async () => {
    const two = await openTwo();
    await withReaders(two, async (left, right) => {
      expect(await left.sharedSpans(two[1], EVERYTHING)).toEqual([]);
      expect(await left.sharedSpans({}, EVERYTHING)).toEqual([]);
      const wrong = left.sharedSpans(right, [span('b', 'c'), span('a', 'b')]);
      expect(await rejection(wrong)).toMatchObject({ code: 'SSTITCH_SPANS_INVALID' });
      const signal = AbortSignal.abort(new Error('enough'));
      const aborted = left.sharedSpans(right, EVERYTHING, { signal });
      expect(await rejection(aborted)).toMatchObject({ code: 'SSTITCH_ABORTED' });
    });
  });

  const key = fc
    .array(fc.constantFrom('\0', 'a', 'b', '\xff'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(''));
  const entries = fc.array(fc.tuple(key, fc.string({ maxLength: 4 })), { maxLength: 12 });
  const spansOf = fc.uniqueArray(key, { maxLength: 6 }).map((unsorted) => {
    const bounds = unsorted.sort();
    const spans: Span[] = [];
    for (let at = 0; at < bounds.length; at += 2)
      spans.push(span(bounds[at] ?? '', bounds[at + 1]));
    return spans;
  });
  const side = fc.nat(1);
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), side, entries }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), side, key }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('replace' as const),
        side,
        spans: spansOf,
        entries,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('link' as const), side, spans: spansOf }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('link all' as const), side }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), side }) },
  );

  const LINKED: Step[] = [
    { kind: 'put', side: 0, entries: [['a', '1']] },
    { kind: 'link all', side: 1 },
  ];

  test('has the same entries in both stores after any writes, links and compactions', async () => {
    let sharedKeys = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: MAX_STEPS }), spansOf, async (steps, asked) => {
        const stores = await openTwo();
        for (const each of steps) {
          const [store, other] = each.side === 0 ? stores : [stores[1], stores[0]];
          switch (each.kind) {
            case 'put':
              await put(store, each.entries);
              break;
            case 'delete':
              await store.del(bytes(each.key));
              break;
            case 'replace': {
              const incoming = inside(new Map(each.entries), each.spans);
              await store.replaceSpans(each.spans, pagesOf(incoming));
              break;
            }
            case 'link':
              await store.ingestFrom(other, each.spans);
              break;
            case 'link all':
              await store.ingestFrom(other, EVERYTHING);
              break;
            case 'compact':
              await compactFully(store);
              break;
          }
        }
        for (const spans of [EVERYTHING, asked]) {
          await withReaders(stores, async (left, right) => {
            const shared = await left.sharedSpans(right, spans);
            expect(problemOfSpans(shared)).toBe(undefined);
            const [mine, theirs] = [await contentsOf(left), await contentsOf(right)];
            expect(inside(mine, shared)).toEqual(inside(theirs, shared));
            expect(inside(inside(mine, shared), spans)).toEqual(inside(mine, shared));
            sharedKeys += inside(mine, shared).size;
          });
        }
        for (const store of stores) await store.close();
      }),
      { numRuns: RUNS, examples: [[LINKED, []]] },
    );
    // The example shares a key, so the result is not always empty.
    expect(sharedKeys).toBeGreaterThan(0);
  });
});
