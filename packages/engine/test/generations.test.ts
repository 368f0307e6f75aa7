// Many generations, at once and one after another, of which nothing is left.
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type ByteStore,
  bytes,
  type Contents,
  contentsOf,
  expectContents,
  expectContentsThroughout,
  generationNames,
  openStore,
  openThreadedStore,
  pagesOf,
  put,
  span,
  temporaryDirectory,
  text,
  VIEW,
} from './store-fixture.js';
import { fileError, watchedFileSystem } from './watched-file-system.js';

const { SSTITCH_LONG: longRun } = process.env;
/** A thousand commits in the long run, fewer in the short one. */
const COMMITS = longRun ? 1000 : 300;

test('several past generations exist at once, each with its own view', async () => {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  await put(store, [['kept', 'always']]);
  const views: Array<{ snapshot: ReturnType<ByteStore['snapshot']>; contents: Contents }> = [];
  for (let revision = 0; revision < 8; revision++) {
    const contents: Contents = new Map([[`m${revision}`, `${revision}`]]);
    await store.replaceSpans([span('m', 'n')], pagesOf(contents));
    await put(store, [['last', `${revision}`]]);
    contents.set('kept', 'always').set('last', `${revision}`);
    views.push({ snapshot: store.snapshot(), contents });
  }
  expect(generationNames(store.location)).toHaveLength(8);
  expect((await store.metrics()).generations.map(({ readers }) => readers)).toEqual(
    Array.from({ length: 8 }, () => 1),
  );
  const everyKey = views.flatMap(({ contents }) => [...contents.keys()]);
  // Closed in another order: each directory is removed with its last reader.
  for (const index of [3, 0, 7, 5, 1, 6, 2, 4]) {
    for (const { snapshot, contents } of views.filter((_, at) => at === index)) {
      await expectContents(store, contents, everyKey, snapshot);
      await snapshot.close();
      expect(() => snapshot.ref()).toThrow();
    }
  }
  await expect.poll(() => generationNames(store.location)).toHaveLength(1);
  await expectContentsThroughout(store, views.at(-1)?.contents ?? new Map(), everyKey);
});

test(`${COMMITS} tiny commits with concurrent readers leave no descriptor, mapping or directory`, async () => {
  const store = await openThreadedStore(join(temporaryDirectory(), 'store'));
  const model: Contents = new Map();
  for (let index = 0; index < 40; index++) model.set(`k${String(index).padStart(2, '0')}`, 'base');
  await put(store, model);
  const readers: Array<() => Promise<void>> = [];
  for (let round = 0; round < COMMITS; round++) {
    const key = `k${String(round % 40).padStart(2, '0')}`;
    const spans = [span(key, `${key}\0`)];
    if (round % 10 === 9) {
      await store.replaceSpans(spans, pagesOf(new Map([[key, `${round}`]])));
      model.set(key, `${round}`);
    } else {
      await store.excise(spans);
      model.delete(key);
      await store.put(bytes(key), bytes(`${round}`));
      model.set(key, `${round}`);
    }
    if (round % 7 === 0) readers.push(await readerOf(store, round, model));
    if (readers.length > 5) await readers.splice(Math.floor(Math.random() * 5), 1)[0]?.();
  }
  for (const close of readers) await close();
  await expect.poll(() => generationNames(store.location)).toHaveLength(1);
  await expect.poll(async () => (await store.metrics()).generations).toHaveLength(1);
  const current = generationNames(store.location)[0] ?? '';
  for (const path of openPaths(store)) expect(path).toContain(current);
  await expectContents(store, model);
  await store.close();
  expect(openPaths(store)).toEqual([]);
});

/** Opens a snapshot or an iterator. Returns a function that checks it against the state of its creation and closes it. */
async function readerOf(store: ByteStore, round: number, model: Contents) {
  const expected = new Map([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
  if (round % 2 === 0) {
    const snapshot = store.snapshot();
    return async () => {
      expect(await contentsOf(store, { snapshot })).toEqual(expected);
      await snapshot.close();
    };
  }
  const iterator = store.iterator(VIEW);
  const first = await iterator.next();
  return async () => {
    const all = [...(first ? [first] : []), ...(await iterator.all())];
    expect(new Map(all.map(([key, value]) => [text(key), text(value)]))).toEqual(expected);
    await iterator.close();
  };
}

/** Returns the files under a store's directory that this process has open or mapped, on Linux. */
function openPaths(store: ByteStore): string[] {
  if (process.platform !== 'linux') return [];
  const directory = realpathSync(store.location);
  const descriptors = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return '';
    }
  });
  const mappings = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return [...descriptors, ...mappings].filter((path) => path.includes(directory));
}

test('a retired generation that cannot be removed prevents neither a close nor an open of the store', async () => {
  const watched = watchedFileSystem();
  const path = join(temporaryDirectory(), 'store');
  const store = await openStore(path, { fileSystem: watched });
  await put(store, [['k', 'v']]);
  store.snapshot();
  await store.excise([]);
  watched.before = ({ name, path: file }) => {
    if (name === 'unlink') throw fileError('EIO', 'unlink', file);
  };
  await store.close();
  expect(generationNames(path)).toHaveLength(2);
  watched.before = () => undefined;
  const reopened = await openStore(path, { fileSystem: watched });
  await expectContentsThroughout(reopened, new Map([['k', 'v']]));
});
