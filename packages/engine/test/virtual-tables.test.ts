// Tables that are split in their own file (src/tables/share-parts.ts): what others see of the file, when the file is
// left alone, and what a failure leaves.
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileHandle } from '@sstitch/sst';
import { expect, test } from 'vitest';
import { readManifest, verifyStore } from '../src/index.js';
import {
  type ByteStore,
  besideStore,
  compactFully,
  contentsOf,
  currentDirectory,
  numbered,
  openStore,
  pagesOf,
  put,
  span,
  temporaryDirectory,
} from './store-fixture.js';
import { fileError, type WatchedFileSystem, watchedFileSystem } from './watched-file-system.js';

/** Makes entries that compress so badly that 3,000 of them take several hundred KiB. */
const value = (index: number) => `${index * 7919} ${(index * 104_729) % 1_000_003} `.repeat(4);
const entriesOf = (prefix: string, count = 3000): Array<[string, string]> =>
  Array.from({ length: count }, (_, index) => [
    `${prefix}${String(index).padStart(6, '0')}`,
    value(index),
  ]);

async function settledStore(path: string, options: object = {}): Promise<ByteStore> {
  const store = await openStore(path, { shareTablesFromBytes: 4096, ...options });
  await put(store, entriesOf('k'));
  await compactFully(store);
  return store;
}

const tablesIn = (directory: string) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.ldb'))
    .map((name) => {
      const { ino, size } = statSync(join(directory, name));
      return { name, inode: ino, sizeBytes: size };
    });

/** Uses `write` for all appends to files. Returns a function that ends this. */
function appendsBy(
  fileSystem: WatchedFileSystem,
  write: (file: FileHandle, path: string, bytes: Uint8Array) => void,
): () => void {
  const open = fileSystem.open.bind(fileSystem);
  fileSystem.open = (path, mode) => {
    const file = open(path, mode);
    if (mode !== 'append') return file;
    return { ...file, write: (bytes) => write(file, path, bytes) };
  };
  return () => {
    fileSystem.open = open;
  };
}

const outside = (entries: Array<[string, string]>, start: string, end: string) =>
  new Map(entries.filter(([key]) => key < start || key >= end));

test('the file of a table that straddles a span grows by an index, and the old size still reads the old table', async () => {
  const path = join(temporaryDirectory(), 'store');
  const store = await settledStore(path);
  const [before] = tablesIn(await currentDirectory(store));
  const iterator = store.iterator();
  const report = await store.excise([span('k001000', 'k002000')]);
  expect(report.base).toMatchObject({ shared: { tables: 1 }, split: { tables: 0 } });

  const directory = await currentDirectory(store);
  const [after] = tablesIn(directory);
  expect(after?.inode).toBe(before?.inode);
  const grown = (after?.sizeBytes ?? 0) - (before?.sizeBytes ?? 0);
  expect(grown).toBeGreaterThan(0);
  expect(grown).toBeLessThan((before?.sizeBytes ?? 0) / 8);
  expect(readManifest(directory).version.levels.flat()).toMatchObject([
    { sizeBytes: after?.sizeBytes },
  ]);

  const kept = outside(entriesOf('k'), 'k001000', 'k002000');
  expect(await contentsOf(store)).toEqual(kept);
  // The old generation's table is the same file.
  expect(await iterator.all()).toHaveLength(3000);
  await iterator.close();
  expect(await verifyStore(path)).toMatchObject({ ok: true });

  // LevelDB moves a table that overlaps nothing. A key inside the table makes LevelDB rewrite it.
  await put(store, [['k000500', 'new']]);
  await compactFully(store);
  expect(await contentsOf(store)).toEqual(new Map(kept).set('k000500', 'new'));
  const sizes = tablesIn(await currentDirectory(store)).map(({ sizeBytes }) => sizeBytes);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(before?.sizeBytes ?? 0);
});

test('a small part stays in the file when a large part of the same table does', async () => {
  const directory = temporaryDirectory();
  const shareTablesFromBytes = 16 * 1024;
  const source = await settledStore(join(directory, 'source'), { shareTablesFromBytes });
  const base = await openStore(join(directory, 'base'));
  const large = span('k000100', 'k002000');
  const small = [span('k002000', 'k002010'), span('k002500', 'k002501')];
  const originsOf = async (spans: Array<ReturnType<typeof span>>) => {
    const tables = await source.extract(spans, besideStore(base), { share: true });
    const placed = tables.spans.flatMap(({ runs }) => runs.flat());
    await base.ingestAndExcise(tables, { move: true });
    return placed.map(({ origin }) => origin);
  };
  expect(await originsOf(small)).toEqual(['split', 'split']);
  expect(await originsOf([large, ...small])).toEqual(['shared', 'shared', 'shared']);
  const keys = entriesOf('k').filter(([key]) =>
    [large, ...small].some(({ start, end }) => key >= text(start) && key < text(end)),
  );
  expect(await contentsOf(base)).toEqual(new Map(keys));
  expect(await verifyStore(join(directory, 'base'))).toMatchObject({ ok: true });
});

test('a table that is shared and reopened repeatedly loses nothing', async () => {
  const path = join(temporaryDirectory(), 'store');
  let store = await settledStore(path);
  const expected = new Map(entriesOf('k'));
  for (let round = 0; round < 6; round++) {
    const from = `k00${round}200`;
    const to = `k00${round}400`;
    const entries = numbered(`k00${round}3`, 3, `round ${round}`);
    await store.replaceSpans([span(from, to)], pagesOf(entries));
    for (const key of [...expected.keys()]) if (key >= from && key < to) expected.delete(key);
    for (const [key, text] of entries) expected.set(key, text);
    if (round % 2 === 0) continue;
    await store.close();
    store = await openStore(path, { shareTablesFromBytes: 4096 });
  }
  expect(await contentsOf(store)).toEqual(new Map([...expected].sort()));
  expect(await verifyStore(path)).toMatchObject({ ok: true });
});

test('one file becomes several tables of another store, and the source is unchanged', async () => {
  const directory = temporaryDirectory();
  const source = await settledStore(join(directory, 'source'));
  const base = await openStore(join(directory, 'base'));
  await put(base, [...entriesOf('a', 50), ...entriesOf('k0005', 10), ...entriesOf('z', 50)]);
  const spans = [
    span('k000100', 'k001000'),
    span('k001100', 'k002000'),
    span('k002000', 'k002900'),
  ];
  const tables = await source.extract(spans, besideStore(base), { share: true });
  const placed = tables.spans.flatMap(({ runs }) => runs.flat());
  expect(placed.map(({ origin }) => origin)).toEqual(['shared', 'shared', 'shared']);
  expect(new Set(placed.map((table) => statSync(table.path).ino)).size).toBe(1);
  await base.ingestAndExcise(tables, { move: true });

  const inside = entriesOf('k').filter(([key]) =>
    spans.some(({ start, end }) => key >= text(start) && key < text(end)),
  );
  const expected = new Map([...entriesOf('a', 50), ...inside, ...entriesOf('z', 50)].sort());
  expect(await contentsOf(base)).toEqual(expected);
  for (const store of [source, base]) {
    expect(await verifyStore(store.location)).toMatchObject({ ok: true });
  }
  expect(await contentsOf(source)).toEqual(new Map(entriesOf('k')));
  await compactFully(source);
  await source.close();
  await compactFully(base);
  expect(await contentsOf(base)).toEqual(expected);
});

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

test('a file that a checkpoint also links is left alone: its part is copied', async () => {
  const directory = temporaryDirectory();
  const store = await settledStore(join(directory, 'store'));
  await store.checkpoint(join(directory, 'copy'));
  const before = tablesIn(await currentDirectory(store));
  const report = await store.excise([span('k001000', 'k002000')]);
  expect(report.base).toMatchObject({ shared: { tables: 0 }, split: { tables: 1 } });
  const copy = await openStore(join(directory, 'copy'));
  expect(tablesIn(await currentDirectory(copy))).toEqual(before);
  expect(await contentsOf(copy)).toEqual(new Map(entriesOf('k')));
});

test.each([
  { why: 'Infinity asks for copies', options: { shareTablesFromBytes: Number.POSITIVE_INFINITY } },
  { why: 'the part is smaller than the limit', options: { shareTablesFromBytes: 2 ** 20 } },
])('no table is shared when $why', async ({ options }) => {
  const store = await settledStore(join(temporaryDirectory(), 'store'), options);
  const report = await store.excise([span('k001000', 'k002000')]);
  expect(report.base).toMatchObject({ shared: { tables: 0 }, split: { tables: 1 } });
});

test('a small part of a large table is copied, so that the rest of the space is freed', async () => {
  const store = await settledStore(join(temporaryDirectory(), 'store'));
  const report = await store.excise([span('k000100', 'k003')]);
  expect(report.base).toMatchObject({ shared: { tables: 0 }, split: { tables: 1 } });
});

test.each(['EACCES', 'EPERM', 'EROFS'])(
  'a table that must not be written to (%s) is copied',
  async (code) => {
    const fileSystem = watchedFileSystem();
    const store = await settledStore(join(temporaryDirectory(), 'store'), { fileSystem });
    const open = fileSystem.open.bind(fileSystem);
    fileSystem.open = (path, mode) => {
      if (mode === 'append') throw fileError(code, 'open', path);
      return open(path, mode);
    };
    const report = await store.excise([span('k001000', 'k002000')]);
    expect(report.base).toMatchObject({ shared: { tables: 0 }, split: { tables: 1 } });
    expect(await contentsOf(store)).toEqual(outside(entriesOf('k'), 'k001000', 'k002000'));
  },
);

test('a table that another process appends to meanwhile is copied, and neither writer loses a byte', async () => {
  const path = join(temporaryDirectory(), 'store');
  const fileSystem = watchedFileSystem();
  const store = await settledStore(path, { fileSystem });
  appendsBy(fileSystem, (file, opened, bytes) => {
    // This write does not use the handle: another process writes between the check and our write.
    appendFileSync(opened, 'theirs');
    file.write(bytes);
  });
  const report = await store.excise([span('k001000', 'k002000')]);
  expect(report.base).toMatchObject({ shared: { tables: 0 }, split: { tables: 1 } });
  expect(await contentsOf(store)).toEqual(outside(entriesOf('k'), 'k001000', 'k002000'));
  expect(await verifyStore(path)).toMatchObject({ ok: true });
});

test('the parts of a split table are synced, a shared file once, before LevelDB opens any of them', async () => {
  const fileSystem = watchedFileSystem();
  const options = { fileSystem, shareTablesFromBytes: 4096 };
  const store = await openStore(join(temporaryDirectory(), 'store'), options);
  // Built tables are in the deepest level, and so are the next ones: the table is split in two around them.
  await store.replaceSpans([span('k', 'l')], pagesOf(new Map(entriesOf('k'))));
  const events: Array<{ name: string; inode: number; isOpen: boolean }> = [];
  const inodes = new Map<string, number>();
  fileSystem.before = ({ name, path }) => {
    if ((name !== 'sync' && name !== 'write') || !/gen-\d+/.test(path)) return;
    // LevelDB locks a directory before it opens it.
    const isOpen = existsSync(join(dirname(path), 'LOCK'));
    if (!/\.(ldb|link)$/.test(path)) return;
    // The file may have been renamed after it was written and before its descriptor is fsynced.
    const inode = inodes.get(path) ?? statSync(path).ino;
    inodes.set(path, inode);
    events.push({ name, inode, isOpen });
  };
  const middle = pagesOf(numbered('k0015', 3, 'new'));
  const { commit } = await store.replaceSpans([span('k001000', 'k002000')], middle);
  expect(commit.base).toMatchObject({ shared: { tables: 2 } });
  const last = tablesIn(await currentDirectory(store)).map(({ inode }) => inode);
  const [split] = events.map(({ inode }) => inode).filter((inode) => last.includes(inode));
  expect(last.filter((inode) => inode === split)).toHaveLength(2);
  const ofSplit = events.filter(({ inode }) => inode === split);
  expect(ofSplit.filter(({ name }) => name === 'sync')).toEqual([ofSplit.at(-1)]);
  expect(ofSplit.some(({ isOpen }) => isOpen)).toBe(false);
});

test('an append that fails halfway leaves the store whole, and the next commit appends after it', async () => {
  const path = join(temporaryDirectory(), 'store');
  const fileSystem = watchedFileSystem();
  const store = await settledStore(path, { fileSystem });
  const [before] = tablesIn(await currentDirectory(store));
  const appendWholly = appendsBy(fileSystem, (file, opened, bytes) => {
    file.write(bytes.subarray(0, bytes.length >>> 1));
    throw fileError('ENOSPC', 'write', opened);
  });
  await expect(store.excise([span('k001000', 'k002000')])).rejects.toMatchObject({
    code: 'SSTITCH_FILE_OPERATION',
  });
  appendWholly();
  expect(tablesIn(await currentDirectory(store))[0]?.sizeBytes).toBeGreaterThan(
    before?.sizeBytes ?? 0,
  );
  expect(await contentsOf(store)).toEqual(new Map(entriesOf('k')));
  expect(await verifyStore(path)).toMatchObject({ ok: true });
  await store.close();

  const again = await openStore(path, { shareTablesFromBytes: 4096 });
  expect(await contentsOf(again)).toEqual(new Map(entriesOf('k')));
  const report = await again.excise([span('k001000', 'k002000')]);
  expect(report.base.shared.tables).toBe(1);
  expect(await contentsOf(again)).toEqual(outside(entriesOf('k'), 'k001000', 'k002000'));
  expect(await verifyStore(path)).toMatchObject({ ok: true });
});

test('verify and open find an appended part that is truncated', async () => {
  const path = join(temporaryDirectory(), 'store');
  const store = await settledStore(path);
  await store.excise([span('k001000', 'k002000')]);
  const directory = await currentDirectory(store);
  await store.close();
  const [table] = tablesIn(directory);
  const file = join(directory, table?.name ?? '');
  const bytes = readFileSync(file);
  truncateSync(file, bytes.length - 1);
  expect(await verifyStore(path)).toMatchObject({ ok: false });
  await expect(openStore(path)).rejects.toMatchObject({
    cause: { code: 'SSTITCH_STORE_CORRUPT' },
  });
});
