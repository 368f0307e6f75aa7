// Entries that were excised with `purge` are in no file of the store. The tests search every byte of every file.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, TableReader } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import { openReadOnly } from '../src/index.js';
import { checkGeneration } from '../src/leveldb/inspect-generation.js';
import { readVersion } from '../src/leveldb/manifest.js';
import { keepLogs } from '../src/store-directory/kept-logs.js';
import {
  type ByteStore,
  besideStore,
  bytes,
  type Contents,
  compactFully,
  contentsOf,
  currentDirectory,
  expectContents,
  openStore,
  openThreadedStore,
  pagesOf,
  put,
  rejection,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import { fileError, watchedFileSystem } from './watched-file-system.js';

/** A marker in excised keys and values, which compress so little that a snappy block contains it literally. */
const MARKER = /x[0-9a-v]{24}x/;

let seed = 1;
/** Returns 24 pseudo-random characters, different each time. */
function random(): string {
  let made = '';
  while (made.length < 24) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    made += (seed >>> 27).toString(32);
  }
  return made;
}

/** Returns entries with one prefix. Those of `x` have markers in keys and values. */
function entries(prefix: string, count: number): Contents {
  const contents: Contents = new Map();
  for (let index = 0; index < count; index++) {
    const tag = prefix === 'x' ? `x${random()}x` : random();
    contents.set(`${prefix}${String(index).padStart(5, '0')}${tag}`, `${tag}${tag}${random()}`);
  }
  return contents;
}

/** Returns the files below a directory that contain a marker, raw or in a compressed block. */
function filesWithMarkers(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesWithMarkers(path);
    return MARKER.test(readFileSync(path, 'latin1')) ? [path] : [];
  });
}

/** Counts the tables that share their file with another table. */
function virtualTables(directory: string): number {
  return readVersion(nodeFileSystem, directory)
    .levels.flat()
    .filter(({ number, sizeBytes }) => {
      const path = join(directory, `${String(number).padStart(6, '0')}.ldb`);
      const reader = TableReader.open(nodeFileSystem, path, { sizeBytes });
      const isShared = reader.isVirtual;
      reader.close();
      return isShared || statSync(path).size !== sizeBytes;
    }).length;
}

const X = [span('x', 'y')];
const REST = new Map([...entries('w', 3000), ...entries('z', 3000)]);
const EXCISED = entries('x', 1500);

/** Makes a store in which w, x and z share a table, fully compacted if `settled`. */
async function filled(open: typeof openStore, path: string, compression: boolean, settled = true) {
  const store = await open(path, { compression, shareTablesFromBytes: 0 });
  await put(store, [...REST, ...EXCISED]);
  if (settled) await compactFully(store);
  return store;
}

describe.each([
  ['raw blocks, in this thread', openStore, false],
  ['snappy blocks, in worker threads', openThreadedStore, true],
] as const)('%s', (_, open, compression) => {
  test('without purge, an excise leaves bytes in the files that it shares', async () => {
    const store = await filled(open, join(temporaryDirectory(), 'store'), compression);
    const report = await store.excise(X);
    expect(report.purge).toBeUndefined();
    expect(filesWithMarkers(store.location)).not.toEqual([]);
  });

  test.each([true, false])(
    'excise leaves no bytes in any file (settled before: %s)',
    async (settled) => {
      const path = join(temporaryDirectory(), 'store');
      const store = await filled(open, path, compression, settled);
      expect(filesWithMarkers(store.location)).not.toEqual([]);
      const report = await store.excise(X, { purge: true });
      expect(report.purge).toEqual({ readers: 0, directories: [] });
      expect(filesWithMarkers(store.location)).toEqual([]);
      await expectContents(store, REST, EXCISED.keys());
    },
  );

  test('a purge removes what earlier commits left', async () => {
    const store = await filled(open, join(temporaryDirectory(), 'store'), compression);
    await store.excise(X);
    await store.excise([span('w1', 'w2')]);
    const rest = new Map([...REST].filter(([key]) => key < 'w1' || key >= 'w2'));
    expect(filesWithMarkers(store.location)).not.toEqual([]);
    await store.excise([span('a', 'b')], { purge: true });
    expect(filesWithMarkers(store.location)).toEqual([]);
    expect(virtualTables(await currentDirectory(store))).toBe(0);
    await expectContents(store, rest, EXCISED.keys());
  });

  test('ingestFrom, replaceSpans and ingestAndExcise leave nothing of the base or of the source', async () => {
    const directory = temporaryDirectory();
    const source = await filled(open, join(directory, 'source'), compression);
    await source.excise(X);
    const base = await filled(open, join(directory, 'base'), compression);
    await base.ingestFrom(source, [span('w0', 'w1'), span('x', 'z02')], { purge: true });
    expect(filesWithMarkers(base.location)).toEqual([]);
    expect(filesWithMarkers(source.location)).not.toEqual([]);
    await expectContents(base, REST, EXCISED.keys());

    await put(base, EXCISED);
    await compactFully(base);
    const fresh = entries('y', 100);
    const { commit } = await base.replaceSpans([span('x', 'z')], pagesOf(fresh), { purge: true });
    expect(commit.purge).toEqual({ readers: 0, directories: [] });
    expect(filesWithMarkers(base.location)).toEqual([]);

    const extracted = besideStore(base);
    const tables = await source.extract([span('w', 'z02')], extracted, { share: true });
    await base.ingestAndExcise(tables, { purge: true, move: true });
    expect(filesWithMarkers(base.location)).toEqual([]);
    await expectContents(base, REST, [...EXCISED.keys(), ...fresh.keys()]);
  });

  test('a checkpoint with purge has nothing that earlier commits excised, and the store is unchanged', async () => {
    const directory = temporaryDirectory();
    const store = await filled(open, join(directory, 'store'), compression);
    await store.excise(X);
    await store.checkpoint(join(directory, 'leaking'));
    expect(filesWithMarkers(join(directory, 'leaking'))).not.toEqual([]);
    const copied = await store.checkpoint(join(directory, 'clean'), { purge: true });
    expect(copied.copiedTables).toBeGreaterThan(0);
    expect(filesWithMarkers(join(directory, 'clean'))).toEqual([]);
    await expectContents(store, REST, EXCISED.keys());
    const clean = await openStore(join(directory, 'clean'));
    await expectContents(clean, REST, EXCISED.keys());
    await compactFully(clean);
    await expectContents(clean, REST, EXCISED.keys());
  });

  test('compactRange over everything leaves nothing, although LevelDB does not rewrite its deepest level', async () => {
    const store = await filled(open, join(temporaryDirectory(), 'store'), compression);
    await store.excise(X);
    expect(filesWithMarkers(store.location)).not.toEqual([]);
    await compactFully(store);
    expect(filesWithMarkers(store.location)).toEqual([]);
    await expectContents(store, REST, EXCISED.keys());
  });

  test('compactRange of a range purges the tables of that range, and makes no commit if there are none', async () => {
    const store = await filled(open, join(temporaryDirectory(), 'store'), compression);
    await store.compactRange(bytes('w'), bytes('z~'));
    const { generation } = await store.metrics();
    expect(generation).toBe(1);
    await store.excise(X);
    await store.compactRange(bytes('a'), bytes('b'));
    expect(await store.metrics()).toMatchObject({ generation: 2 });
    expect(filesWithMarkers(store.location)).not.toEqual([]);
    await store.compactRange(bytes('w'), bytes('w5'));
    expect(await store.metrics()).toMatchObject({ generation: 3 });
    expect(filesWithMarkers(store.location)).toEqual([]);
  });

  test('the report lists readers that keep excised entries, which are removed when the readers close', async () => {
    const store = await filled(open, join(temporaryDirectory(), 'store'), compression);
    const iterator = store.iterator(VIEW);
    await iterator.next();
    const reader = await openReadOnly(store.location, VIEW);
    const report = await store.excise(X, { purge: true });
    expect(report.purge?.readers).toBe(1);
    expect(report.purge?.directories.map((path) => path.replace(store.location, ''))).toEqual([
      '/gen-000001',
      expect.stringMatching(/^\/readers\/[0-9a-f]{8}-\d+-\d+$/),
    ]);
    await iterator.close();
    await reader.close();
    const after = await store.excise([span('a', 'b')], { purge: true });
    expect(after.purge).toEqual({ readers: 0, directories: [] });
    expect(filesWithMarkers(store.location)).toEqual([]);
  });
});

test('a write while a purge stages is kept, and one in its span is removed', async () => {
  const fileSystem = watchedFileSystem();
  const path = join(temporaryDirectory(), 'store');
  const store: ByteStore = await openStore(path, { fileSystem, shareTablesFromBytes: 0 });
  await put(store, [...REST, ...EXCISED]);
  await compactFully(store);
  await store.excise(X);
  await put(store, [['x-unflushed', `x${'0'.repeat(24)}x`]]);
  const writes: Array<Promise<void>> = [];
  fileSystem.before = ({ name, path: at }) => {
    if (name !== 'link' || writes.length > 0 || !at.includes('gen-')) return;
    writes.push(
      put(store, [
        ['w-late', 'late'],
        ['x-late', `x${'1'.repeat(24)}x`],
      ]),
    );
  };
  await store.excise(X, { purge: true });
  fileSystem.before = () => undefined;
  await Promise.all(writes);
  expect(writes).toHaveLength(1);
  // A concurrent write is ordered before or after the commit; here it was before.
  expect(await contentsOf(store)).toEqual(new Map([...REST, ['w-late', 'late']].sort() as never));
  expect(filesWithMarkers(store.location)).toEqual([]);
});

test('an option that is neither true nor false is refused', async () => {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  const purge = 'yes' as unknown as boolean;
  for (const call of [
    store.excise(X, { purge }),
    store.replaceSpans(X, pagesOf(new Map()), { purge }),
    store.ingestFrom(store, X, { purge }),
    store.ingestAndExcise([], { purge }),
    store.checkpoint(join(store.location, '..', 'copy'), { purge }),
  ]) {
    expect((await rejection(call)).code).toBe('SSTITCH_OPTION_INVALID');
  }
});

test('a purge removes the copies of ended readers, and lists the logs that a salvage kept', async () => {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  await put(store, [...entries('x', 10)]);
  const dead = join(store.location, 'readers', `${2 ** 22 + 1}-1`);
  const salvaged = join(store.location, 'salvaged');
  for (const directory of [dead, salvaged]) mkdirSync(directory, { recursive: true });
  const { purge } = await store.excise([span('x', 'y')], { purge: true });
  expect(purge).toEqual({ readers: 0, directories: [salvaged] });
  expect(existsSync(dead)).toBe(false);
  await store.close();
});

test('a purge lists the logs that another process kept when it found the store locked and was killed', async () => {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  await put(store, [['x', 'excised by the purge']]);
  const place = {
    root: store.location,
    label: 'gen-000001',
    directory: await currentDirectory(store),
  };
  const checked = checkGeneration(nodeFileSystem, place, () => undefined);
  const set = join(
    store.location,
    'recovery',
    keepLogs(nodeFileSystem, { ...place, ...checked }) ?? '',
  );
  const { purge } = await store.excise([span('x', 'y')], { purge: true });
  expect(readFileSync(join(set, readdirSync(set)[0] ?? ''), 'latin1')).toContain('excised by');
  expect(purge).toEqual({ readers: 0, directories: [join(store.location, 'recovery')] });
  await store.close();
  const reopened = await openStore(store.location);
  const again = await reopened.excise([span('x', 'y')], { purge: true });
  expect(again.purge).toEqual({ readers: 0, directories: [] });
});

test('a purge lists what it cannot remove, and the store itself if it cannot list', async () => {
  const fileSystem = watchedFileSystem();
  const store = await openStore(join(temporaryDirectory(), 'store'), { fileSystem });
  await put(store, [...entries('x', 10)]);
  // The copy belongs to another user, whose read-only open was killed.
  const dead = join(store.location, 'readers', `${2 ** 22 + 1}-1`);
  mkdirSync(join(dead, 'copy'), { recursive: true });
  fileSystem.before = ({ name, path }) => {
    if (name === 'unlink' && path.startsWith(dead)) throw fileError('EACCES', name, path);
  };
  const listed = await store.excise([span('x', 'y')], { purge: true });
  expect(listed.purge).toEqual({ readers: 0, directories: [dead] });
  fileSystem.before = ({ name, path }) => {
    if (name === 'readdir' && path === store.location) throw fileError('EMFILE', name, path);
  };
  const unlisted = await store.excise([span('x', 'y')], { purge: true });
  expect(unlisted.purge).toEqual({ readers: 0, directories: [store.location] });
  fileSystem.before = () => undefined;
  await store.close();
});

test('a compactRange with a file operation that fails, whichever it is, leaves the state', async () => {
  const kept = new Map([...REST].filter((_, index) => index % 60 === 0));
  const excised = [...EXCISED].slice(0, 50);
  const failed = new Set<string>();
  for (let failing = 0; ; failing++) {
    const fileSystem = watchedFileSystem();
    const location = join(temporaryDirectory(), 'store');
    const store = await openStore(location, { fileSystem });
    await put(store, [...kept, ...excised]);
    await compactFully(store);
    await store.excise(X);
    let count = 0;
    fileSystem.before = ({ name, path }) => {
      if (count++ !== failing) return;
      failed.add(name);
      throw fileError('EIO', name, path);
    };
    const error = await store.compactRange(bytes('a'), bytes('zz')).catch((thrown) => thrown);
    fileSystem.before = () => undefined;
    await expectContents(store, kept);
    await store.close();
    await expectContents(await openStore(location), kept);
    if (count > failing) continue;
    expect(error).toBeUndefined();
    // A commit purges the range, up to its commit point.
    expect(failed).toContain('rename');
    break;
  }
});
