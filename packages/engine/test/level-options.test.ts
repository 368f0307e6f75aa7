// LevelDB's options in the constructor and, with precedence, in `open`, as in classic-level.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openReadOnly, ReadOnlyStore, Store } from '../src/index.js';
import {
  type ByteStore,
  compactFully,
  currentDirectory,
  expectContents,
  openStore,
  put,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';

const MODEL = new Map(
  Array.from({ length: 200 }, (_, index) => [`k${1000 + index}`, 'long and the same'.repeat(60)]),
);

/** Returns the size of the tables of the current generation. */
async function tableBytes(store: ByteStore): Promise<number> {
  const directory = await currentDirectory(store);
  const tables = readdirSync(directory).filter((name) => /\.(ldb|sst)$/.test(name));
  return tables.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

async function filled(store: ByteStore): Promise<number> {
  await put(store, MODEL);
  await compactFully(store);
  return tableBytes(store);
}

test('options of open apply to LevelDB, also in the generations that commits make', async () => {
  const directory = temporaryDirectory();
  const compressed = await filled(await openStore(join(directory, 'compressed')));
  const store: ByteStore = new Store(join(directory, 'plain'), VIEW);
  await store.open({ compression: false });
  const plain = await filled(store);
  expect(plain).toBeGreaterThan(4 * compressed);
  await store.excise([span('x')]);
  await filled(store);
  expect(await tableBytes(store)).toBeGreaterThan(4 * compressed);
  await expectContents(store, MODEL);
  await store.close();

  // They override the constructor's, as in classic-level, until the store closes.
  const other: ByteStore = new Store(join(directory, 'other'), { ...VIEW, compression: false });
  await other.open({ compression: true });
  expect(await filled(other)).toBe(compressed);
  await other.close();
  await other.open();
  await compactFully(other);
  expect(await filled(other)).toBeGreaterThan(4 * compressed);
  await other.close();
});

test('createIfMissing and errorIfExists apply in open', async () => {
  const store = new Store(join(temporaryDirectory(), 'store'));
  const missing = store.open({ createIfMissing: false });
  await expect(missing).rejects.toMatchObject({ cause: { code: 'SSTITCH_STORE_NOT_FOUND' } });
  await store.open();
  await store.close();
  const existing = store.open({ errorIfExists: true });
  await expect(existing).rejects.toMatchObject({ cause: { code: 'SSTITCH_STORE_EXISTS' } });
});

describe('refused, in the constructor and in open, of a store and of a read-only one', () => {
  const numbers = [
    'cacheSize',
    'writeBufferSize',
    'blockSize',
    'maxOpenFiles',
    'blockRestartInterval',
    'maxFileSize',
  ];
  const wrong: Array<[string, unknown]> = [
    ...numbers.flatMap(
      (name): Array<[string, unknown]> =>
        // LevelDB would take 2^32 for 0.
        [0, -1, 1.5, Number.NaN, '4096', null, true, 2 ** 32].map((value) => [name, value]),
    ),
    // LevelDB would take it for a negative number, and end the process at the first table.
    ['blockRestartInterval', 2 ** 31],
    ['maxOpenFiles', 2 ** 31],
    ...['compression', 'createIfMissing', 'errorIfExists', 'readerStacks'].flatMap(
      (name): Array<[string, unknown]> => ['no', 0, null].map((value) => [name, value]),
    ),
    ['multithreading', true],
    ['multithreading', 'false'],
  ];
  const invalid = { code: 'SSTITCH_OPTION_INVALID' };

  test.each(wrong)('%s: %j', async (name, value) => {
    const path = join(temporaryDirectory(), 'store');
    const options = { [name]: value } as object;
    const named = expect.objectContaining({ ...invalid, message: expect.stringContaining(name) });
    expect(() => new Store(path, options)).toThrow(named);
    expect(() => new ReadOnlyStore(path, options)).toThrow(named);
    for (const store of [new Store(path), new ReadOnlyStore(path)]) {
      await expect(store.open(options)).rejects.toEqual(named);
      await store.close();
    }
  });

  test('createIfMissing and errorIfExists of a read-only open', async () => {
    for (const options of [{ createIfMissing: true }, { errorIfExists: true }]) {
      await expect(openReadOnly('nowhere', options as object)).rejects.toMatchObject(invalid);
    }
  });

  test('multithreading: false is accepted', async () => {
    const store = new Store(join(temporaryDirectory(), 'store'), { multithreading: false });
    await store.open({ multithreading: false });
    await store.close();
  });
});

test('a read-only store accepts the options in open', async () => {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  await put(store, MODEL);
  const copy = new ReadOnlyStore<Uint8Array, Uint8Array>(store.location, VIEW);
  await copy.open({ cacheSize: 1024, maxOpenFiles: 100 });
  await expectContents(copy, MODEL);
  await copy.close();
});
