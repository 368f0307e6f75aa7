// Compares a store with a Map over random sequences of all operations that change a store. SSTITCH_LONG=1 runs
// thousands of steps.
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import fc from 'fast-check';
import { test } from 'vitest';
import { Store } from '../src/index.js';
import {
  type ByteStore,
  bytes,
  type Contents,
  compactFully,
  expectContents,
  isInside,
  openStore,
  pagesOf,
  put,
  replaceInModel,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';

const { SSTITCH_LONG: longRun } = process.env;
const RUNS = longRun ? 300 : 25;
const MAX_STEPS = longRun ? 60 : 20;

/** Short keys of few byte values, so that prefixes, 00 and FF often coincide with bounds. */
const key = fc
  .array(fc.constantFrom('\0', 'a', 'b', '\xff'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''));
const entries = fc.array(fc.tuple(key, fc.string({ maxLength: 4 })), { maxLength: 12 });
const spans = fc.uniqueArray(key, { maxLength: 6 }).map((unsorted) => {
  const splits = unsorted.sort();
  const list: Array<{ start: Uint8Array; end: Uint8Array | undefined }> = [];
  for (let index = 0; index < splits.length; index += 2) {
    const end = splits[index + 1];
    list.push({ start: bytes(splits[index] ?? ''), end: end === undefined ? end : bytes(end) });
  }
  return list;
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), entries }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('replace' as const), spans, entries }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('copy spans' as const), spans }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('excise' as const), spans }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface View {
  readonly snapshot: ReturnType<ByteStore['snapshot']>;
  readonly contents: Contents;
}

/** Runs the steps on a store and on a second store that spans are copied from, each with its model. */
async function runSteps(directory: string, steps: readonly Step[]): Promise<void> {
  const open = async (name: string) => {
    const store: ByteStore = new Store(join(directory, name), {
      ...VIEW,
      fileSystem: nodeFileSystem,
      writeBufferSize: 64 * 1024,
      shareTablesFromBytes: 0,
    });
    await store.open();
    return store;
  };
  let [store, source] = [await open('store'), await open('source')];
  let [model, sourceModel]: [Contents, Contents] = [new Map(), new Map()];
  const ever = new Set<string>();
  let views: View[] = [];
  let extracts = 0;
  for (const each of steps) {
    switch (each.kind) {
      case 'put':
        await put(store, each.entries);
        for (const [k, v] of each.entries) model.set(k, v);
        break;
      case 'delete':
        await store.del(bytes(each.key));
        model.delete(each.key);
        break;
      case 'replace': {
        const inside = new Map(each.entries.filter(([k]) => isInside(each.spans, k)));
        await store.replaceSpans(each.spans, pagesOf(inside, 3));
        replaceInModel(model, each.spans, inside);
        break;
      }
      case 'copy spans': {
        const tables = await source.extract(each.spans, join(directory, `extract-${extracts++}`), {
          share: extracts % 2 === 0,
        });
        await store.ingestAndExcise(tables, { move: extracts % 2 === 0 });
        const inside = [...sourceModel].filter(([k]) => isInside(each.spans, k));
        replaceInModel(model, each.spans, new Map(inside));
        // The two stores are exchanged, so that each is the other's source in turn.
        [store, source] = [source, store];
        [model, sourceModel] = [sourceModel, model];
        break;
      }
      case 'excise':
        await store.excise(each.spans);
        replaceInModel(model, each.spans, new Map());
        break;
      case 'compact':
        await compactFully(store);
        break;
      case 'reopen':
        for (const { snapshot } of views) await snapshot.close();
        views = [];
        await store.close();
        store = await open(store.location.slice(directory.length + 1));
        break;
      case 'snapshot':
        for (const { snapshot } of views) await snapshot.close();
        views = [{ snapshot: source.snapshot(), contents: new Map(sourceModel) }];
        break;
    }
    for (const k of model.keys()) ever.add(k);
    await expectContents(store, model, ever);
  }
  for (const { snapshot } of views) await snapshot.close();
  await expectContents(source, sourceModel, ever);
  await compactFully(source);
  await expectContents(source, sourceModel, ever);
  await Promise.all([store.close(), source.close()]);
}

test(
  'a store equals its model after any writes, commits, copies, compactions and reopens',
  async () => {
    let run = 0;
    const directory = temporaryDirectory();
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: MAX_STEPS, size: 'max' }),
        async (steps) => {
          const own = join(directory, `${run++}`);
          nodeFileSystem.mkdir(own);
          await runSteps(own, steps);
        },
      ),
      { numRuns: RUNS },
    );
  },
  longRun ? 36_000_000 : 1_800_000,
);

test('a store of one key equals its model after every order of a put, a commit and a compaction', async () => {
  const acts = ['put', 'commit', 'compact'] as const;
  for (const first of acts) {
    for (const second of acts) {
      const store = await openStore(join(temporaryDirectory(), 'store'));
      const model: Contents = new Map();
      for (const act of [first, second, first]) {
        const contents = new Map([['k', `${act}-${model.get('k') ?? ''}`]]);
        if (act === 'put') await put(store, contents);
        else if (act === 'commit') {
          await store.replaceSpans([{ start: bytes('k'), end: bytes('l') }], pagesOf(contents));
        } else await compactFully(store);
        if (act !== 'compact') model.set('k', contents.get('k') ?? '');
        await expectContents(store, model);
      }
    }
  }
});
