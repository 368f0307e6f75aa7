// Databases of other writers: those that LevelDB reads can be adopted, replaced and verified; others are refused with the
// reason before a store is made.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from 'vitest';
import { adopt, openReadOnly, readManifest, Store, verifyStore } from '../src/index.js';
import { manifestFileName } from '../src/leveldb/file-names.js';
import { writeLogRecords } from '../src/leveldb/log-format.js';
import { writeNewFile } from '../src/leveldb/manifest.js';
import { encodeVersionEdit } from '../src/leveldb/version-edit.js';
import { hasSamples, unpackSample, writeForeignDirectory } from './foreign-directories.js';
import { type CraftedLevels, writeLevelDirectory } from './level-directory.js';
import {
  type Contents,
  contentsOf,
  expectContents,
  expectContentsThroughout,
  openStore,
  openThreadedStore,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';

const KEYS = 300;

function keyOf(number: number): string {
  return `k${String(number).padStart(7, '0')}`;
}

function contents(count = KEYS): Contents {
  return new Map(
    Array.from({ length: count }, (_, number) => [keyOf(number), `value ${number}`.repeat(5)]),
  );
}

const levels: CraftedLevels = {
  2: [[...contents()].map(([key, value], number) => ({ key, value, sequence: number + 1 }))],
};

/** Adopts a directory, verifies the store, splits its tables in the middle, compacts and reopens it. */
async function expectAdoptable(directory: string, expected: Contents): Promise<void> {
  const location = join(temporaryDirectory(), 'store');
  await adopt(directory, location);
  expect(await verifyStore(location)).toMatchObject({ ok: true, notes: [] });
  const store = await openThreadedStore(location);
  await expectContents(store, expected);
  const keys = [...expected.keys()].sort();
  const [from = '', to = ''] = [
    keys[Math.floor(keys.length / 3)],
    keys[Math.floor(keys.length / 2)],
  ];
  await store.excise([span(from, to)]);
  const left = new Map([...expected].filter(([key]) => key < from || key >= to));
  await expectContents(store, left, expected.keys());
  // Closed, although verify does not need it: the split tables on disk must be sound.
  await store.close();
  expect(await verifyStore(location)).toMatchObject({ ok: true });
  const again = await openStore(location);
  const base = await openStore(join(temporaryDirectory(), 'base'));
  await base.ingestFrom(again, [span(from, keys.at(-1))]);
  expect([...(await contentsOf(base)).keys()]).toEqual(
    [...left.keys()].filter((key) => key >= to && key < (keys.at(-1) ?? '')).sort(),
  );
  await expectContentsThroughout(again, left, expected.keys());
}

describe('a database with tables of another writer', () => {
  it.each([
    ['with a filter of another name', { filterName: 'filter.leveldb.BuiltinBloomFilterX' }],
    ['with an empty metaindex without restart points', { emptyMetaindex: true }],
  ])('%s is adopted, split, extracted and verified', async (_, patch) => {
    const directory = join(temporaryDirectory(), 'level');
    writeForeignDirectory(directory, levels, patch);
    await expectAdoptable(directory, contents());
  });

  it.each([
    ['zlib', 2],
    ['raw zlib', 4],
    ['zstd', 7],
  ])(
    'compressed with %s is refused with the file, the offset and what to do',
    async (name, blockType) => {
      const parent = temporaryDirectory();
      const directory = join(parent, 'level');
      const [path] = writeForeignDirectory(directory, levels, { blockType });
      for (const fileSystem of [nodeFileSystem, undefined]) {
        const options = fileSystem === undefined ? {} : { fileSystem };
        const adopting = adopt(directory, join(parent, 'store'), options);
        await expect(adopting).rejects.toMatchObject({
          code: 'SSTITCH_STORE_FORMAT',
          reason: 'table-unsupported',
          path,
          offset: expect.any(Number),
          message: expect.stringMatching(
            new RegExp(
              `compressed with ${name} \\(type ${blockType}\\).*LevelDB 1.20 cannot read.*copy it with snappy`,
            ),
          ),
        });
        expect(existsSync(join(parent, 'store', 'CURRENT'))).toBe(false);
        expect(existsSync(join(parent, 'store'))).toBe(false);
      }
    },
  );

  it('damaged in any block is refused with the file and the offset, and leaves no store', async () => {
    const parent = temporaryDirectory();
    const directory = join(parent, 'level');
    writeLevelDirectory(directory, levels, { table: { compression: 'none' } });
    const path = join(directory, '000003.ldb');
    const table = Buffer.from(nodeFileSystem.readFile(path));
    table.writeUInt8(table.readUInt8(5000) ^ 1, 5000);
    writeFileSync(path, table);
    mkdirSync(join(parent, 'store'));
    await expect(adopt(directory, join(parent, 'store'))).rejects.toMatchObject({
      code: 'SSTITCH_STORE_CORRUPT',
      path,
      offset: expect.any(Number),
      message: expect.stringContaining('checksum'),
    });
    expect(readdirSync(join(parent, 'store'))).toEqual([]);
    // Without verify, it is adopted.
    await adopt(directory, join(parent, 'store'), { verify: false });
  });

  it('is adopted with progress, or aborted by a signal', async () => {
    const parent = temporaryDirectory();
    const tables = Array.from({ length: 5 }, (_, table) => [
      { key: `k${table}`, sequence: 1, value: 'v' },
    ]);
    writeLevelDirectory(join(parent, 'level'), { 1: tables });
    const controller = new AbortController();
    const seen: number[] = [];
    const adopting = adopt(join(parent, 'level'), join(parent, 'store'), {
      fileSystem: nodeFileSystem,
      signal: controller.signal,
      onProgress: ({ tables: begun, ofTables }) => {
        expect(ofTables).toBe(5);
        seen.push(begun);
        if (begun === 3) controller.abort();
      },
    });
    await expect(adopting).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
    expect(seen.slice(0, 4)).toEqual([0, 1, 2, 3]);
    expect(existsSync(join(parent, 'store'))).toBe(false);
  });
});

describe('a database of classic-level with other options', () => {
  it.each([
    [{ blockSize: 100, blockRestartInterval: 1 }],
    [{ blockSize: 1 << 20, blockRestartInterval: 1000 }],
    [{ blockSize: 1024, blockRestartInterval: 3, compression: false }],
    [{ blockSize: 64 << 10, blockRestartInterval: 16, maxFileSize: 1 << 20, compression: false }],
  ])('%o is adopted, split, extracted and verified', async (options) => {
    const directory = join(temporaryDirectory(), 'level');
    const level = new ClassicLevel(directory, { ...options, writeBufferSize: 256 << 10 });
    const expected = new Map(
      Array.from({ length: 4000 }, (_, number) => [keyOf(number), `value ${number} `.repeat(30)]),
    );
    const entries = [...expected];
    for (let at = 0; at < entries.length; at += 500) {
      await level.batch(
        entries.slice(at, at + 500).map(([key, value]) => ({ type: 'put' as const, key, value })),
      );
    }
    await level.compactRange('', 'z');
    await level.close();
    await expectAdoptable(directory, expected);
  });
});

/** The five functions that open a directory. */
const doors: ReadonlyArray<readonly [string, (directory: string) => Promise<unknown>]> = [
  ['adopt', (directory) => adopt(directory, join(temporaryDirectory(), 'store'))],
  ['open', (directory) => new Store(directory).open()],
  ['open read-only', (directory) => openReadOnly(directory)],
  ['verifyStore', (directory) => verifyStore(directory)],
  ['readManifest', async (directory) => readManifest(directory)],
];

/** Expects that each function refuses the directory with the reason, and that none advises to adopt it. */
async function expectRefused(directory: string, message: RegExp): Promise<void> {
  for (const [name, enter] of doors) {
    const refusal = await enter(directory).then(
      () => undefined,
      (error: Error & { code?: string; cause?: unknown }) =>
        error.code === 'LEVEL_DATABASE_NOT_OPEN' ? error.cause : error,
    );
    expect(refusal, name).toMatchObject({
      code: 'SSTITCH_STORE_FORMAT',
      reason: 'other-database',
      message: expect.stringMatching(message),
    });
    expect((refusal as Error).message, name).not.toMatch(/adopt/);
  }
}

describe('a directory of another database', () => {
  it.each([
    ['RocksDB', ['IDENTITY']],
    ['RocksDB', ['OPTIONS-000012:[Version]\n  rocksdb_version=7.8.3\n']],
    ['Pebble', ['OPTIONS-000003:[Version]\n  pebble_version=0.1\n']],
    ['Pebble', ['marker.manifest.000001.MANIFEST-000001', 'marker.format-version.000001.013']],
  ])('is recognised as %s by %j', async (kind, files) => {
    const directory = join(temporaryDirectory(), 'other');
    writeLevelDirectory(directory, levels);
    for (const file of files) {
      const [name = '', text = ''] = file.split(/:(.*)/s);
      writeFileSync(join(directory, name), text);
    }
    await expectRefused(directory, new RegExp(`this is a ${kind} database.*read it with ${kind}`));
    if (kind === 'Pebble') {
      // Newer Pebble databases have no CURRENT.
      rmSync(join(directory, 'CURRENT'));
      if (!files[0]?.startsWith('marker')) return;
      await expectRefused(directory, /this is a Pebble database/);
    }
  });

  it.each([[100], [103], [201], [8193]])(
    'is recognised by the field %i of its MANIFEST alone',
    async (tag) => {
      const directory = join(temporaryDirectory(), 'other');
      mkdirSync(directory);
      const edit = encodeVersionEdit({
        logNumber: 0,
        nextFileNumber: 5,
        lastSequence: 1,
        deleted: [],
        added: [],
      });
      const varint = tag < 128 ? [tag] : tag < 16_384 ? [(tag % 128) | 0x80, tag >> 7] : [];
      const record = Uint8Array.from([...edit, ...varint, 0]);
      writeNewFile(nodeFileSystem, join(directory, manifestFileName(4)), writeLogRecords([record]));
      writeFileSync(join(directory, 'CURRENT'), `${manifestFileName(4)}\n`);
      await expectRefused(directory, /field \d+, which RocksDB and Pebble write/);
    },
  );

  it('is recognised by the magic number of its tables alone', async () => {
    const directory = join(temporaryDirectory(), 'other');
    const [path] = writeForeignDirectory(directory, levels, { magic: 'f7cff485b741e288' });
    await expect(adopt(directory, join(temporaryDirectory(), 'store'))).rejects.toMatchObject({
      code: 'SSTITCH_STORE_FORMAT',
      reason: 'other-database',
      path,
      message: expect.stringContaining('this is a RocksDB database'),
    });
  });

  it.each([
    ['idb_cmp1', "Chromium's IndexedDB"],
    ['cockroach_comparator', 'CockroachDB'],
    ['my.Comparator', 'my.Comparator'],
  ])('ordered by %s is recognised as that of %s', async (comparator, owner) => {
    const directory = join(temporaryDirectory(), 'other');
    mkdirSync(directory);
    const edit = {
      comparator,
      logNumber: 0,
      nextFileNumber: 5,
      lastSequence: 1,
      deleted: [],
      added: [],
    };
    const record = encodeVersionEdit(edit);
    writeNewFile(nodeFileSystem, join(directory, manifestFileName(4)), writeLogRecords([record]));
    writeFileSync(join(directory, 'CURRENT'), `${manifestFileName(4)}\n`);
    await expectRefused(directory, new RegExp(`${owner}.*not bytewise`));
  });

  it('differs from a store, which adopt refuses as a store', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    await expect(adopt(store.location, join(temporaryDirectory(), 'other'))).rejects.toMatchObject({
      code: 'SSTITCH_STORE_FORMAT',
      reason: 'already-a-store',
      message: expect.stringContaining('already a store'),
    });
  });
});

describe.skipIf(!hasSamples)('a sample of ../shared/cases (skipped where it is missing)', () => {
  it.each(['goleveldb-bloom', 'iq80-level0'])(
    '%s is adopted, split, extracted and verified',
    async (name) => {
      const directory = unpackSample(name, temporaryDirectory());
      const location = join(temporaryDirectory(), 'store');
      await adopt(directory, location);
      const reader = await openReadOnly<Uint8Array, Uint8Array>(location, VIEW);
      const expected = await contentsOf(reader);
      await reader.close();
      expect(expected.size).toBeGreaterThan(1000);
      await expectAdoptable(directory, expected);
    },
  );

  it('rocksdb is refused as a RocksDB database', async () => {
    await expectRefused(
      unpackSample('rocksdb', temporaryDirectory()),
      /this is a RocksDB database/,
    );
  });
});
