// Rules 13 to 15 of docs/leveldb-rules.md: table files.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, TableReader } from '@sstitch/sst';
import { maskedChecksum } from '@sstitch/sst/file-format';
import { describe, expect, test } from 'vitest';
import { extractTables } from '../src/extract/extract-tables.js';
import { adopt } from '../src/index.js';
import { tableFileName } from '../src/leveldb/file-names.js';
import type { Version } from '../src/leveldb/manifest.js';
import { ExtractedTables } from '../src/tables/extracted-tables.js';
import { COPY_PARTS } from '../src/tables/split-policy.js';
import { InlinePool } from '../src/threads/inline-pool.js';
import {
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
  expectTidy,
  openStore,
  put,
  rejection,
  span,
  temporaryDirectory,
} from './store-fixture.js';

const LEVELS: CraftedLevels = {
  0: [[{ key: 'b', sequence: 9, value: 'new' }]],
  6: [
    [
      { key: 'a', sequence: 1, value: 'old' },
      { key: 'b', sequence: 2, value: 'old' },
    ],
  ],
};

describe('rule 13: file names and sizes', () => {
  test('rule 13: tables named .sst are adopted, under .ldb, and what is staged is .ldb', async () => {
    const directory = temporaryDirectory();
    writeLevelDirectory(join(directory, 'base'), LEVELS);
    for (const number of [3, 4]) {
      const name = join(directory, 'base', tableFileName(number));
      renameSync(name, name.replace('.ldb', '.sst'));
    }
    await adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem });
    expect(existsSync(join(directory, 'store', 'gen-000001', tableFileName(3)))).toBe(true);
    const store = await openStore(join(directory, 'store'));
    await store.excise([span('x')]);
    await expectContentsThroughout(store, contentsOfLevels(LEVELS));
  });

  test.each([-1, 1])(
    'rule 13: a recorded size that is off by %i is refused',
    async (difference) => {
      const directory = temporaryDirectory();
      const alter = (version: Version): Version => ({
        ...version,
        levels: version.levels.map((tables) =>
          tables.map((table) => ({ ...table, sizeBytes: table.sizeBytes + difference })),
        ),
      });
      writeLevelDirectory(join(directory, 'base'), LEVELS, { alter });
      const adopted = adopt(join(directory, 'base'), join(directory, 'store'), {
        fileSystem: nodeFileSystem,
      });
      expect((await rejection(adopted)).code).toBe('SSTITCH_STORE_CORRUPT');
      expect(existsSync(join(directory, 'store'))).toBe(false);
      const request = {
        sourceDirectory: join(directory, 'base'),
        targetDirectory: join(directory, 'out'),
        spans: [span('a')],
        leastLogNumber: 0,
        policy: COPY_PARTS,
        verify: false,
      };
      const pool = new InlinePool(nodeFileSystem);
      const extracting = extractTables(pool, request, undefined);
      const checked = extracting.then((tables) => ExtractedTables.incomingOf(tables)?.checking);
      await expect(checked).rejects.toThrow(/size|bytes|magic/);
    },
  );
});

/** Entries for several blocks and filter windows. */
function entriesOf(prefix: string, value = 'v') {
  return Array.from({ length: 400 }, (_, index) => ({
    key: `${prefix}${String(index).padStart(4, '0')}`,
    sequence: index + 1,
    value: `${value}${'x'.repeat(30)}`,
  }));
}

/** Makes a store with some keys, and a valid foreign table for its span "k" to "l". */
async function storeAndTable() {
  const directory = temporaryDirectory();
  const path = join(directory, 'foreign.table');
  writeTable(path, entriesOf('k'), { compression: 'none' });
  const store = await openStore(join(directory, 'store'));
  const model: Contents = new Map([
    ['a', '1'],
    ['k0001', 'base'],
    ['z', '1'],
  ]);
  await put(store, model);
  const ingest = (damaged: Uint8Array) => {
    writeFileSync(path, damaged);
    return store.ingestAndExcise([{ span: span('k', 'l'), runs: [[path]] }]);
  };
  return { directory, path, store, model, ingest, whole: Uint8Array.from(readFileSync(path)) };
}

/** Sets the type of the block that ends at `trailer`, and corrects its checksum. */
function withBlockType(whole: Uint8Array, start: number, trailer: number, type: number) {
  const damaged = whole.slice();
  damaged[trailer] = type;
  const checksum = maskedChecksum(damaged.subarray(start, trailer + 1));
  new DataView(damaged.buffer).setUint32(trailer + 1, checksum, true);
  return damaged;
}

describe('rule 14: blocks and filters', () => {
  test('rule 14: a foreign table with a block of an unknown type is refused, and the store is unchanged', async () => {
    const { store, model, ingest, whole, path } = await storeAndTable();
    const reader = TableReader.open(nodeFileSystem, path);
    const first = Math.min(...reader.blockHandles().map(({ offset, size }) => offset + size));
    reader.close();
    for (const type of [2, 4, 255]) {
      const error = await rejection(ingest(withBlockType(whole, 0, first, type)));
      expect(error.code).toBe('SSTITCH_TABLES_INVALID');
    }
    await expectContentsThroughout(store, model);
  });

  test("rule 14: a foreign table whose filter is another table's is refused", async () => {
    const { directory, store, model, ingest, whole, path } = await storeAndTable();
    const otherPath = join(directory, 'other.table');
    writeTable(otherPath, entriesOf('j'), { compression: 'none' });
    const other = readFileSync(otherPath);
    const reader = TableReader.open(nodeFileSystem, path);
    const handle = reader.filterHandle;
    reader.close();
    if (handle === undefined) throw new Error('the table has a filter');
    const damaged = whole.slice();
    const end = Number(handle.offset) + Number(handle.size) + 5;
    damaged.set(other.subarray(Number(handle.offset), end), Number(handle.offset));
    expect((await rejection(ingest(damaged))).code).toBe('SSTITCH_TABLES_INVALID');
    await expectContentsThroughout(store, model);
  });

  test.each([
    ['raw blocks', { compression: 'none' }],
    ['snappy blocks', { compression: 'snappy' }],
    ['no filter', { bloomBitsPerKey: 0 }],
    ['small blocks, so that filter windows hold several', { blockSizeBytes: 1024 }],
  ] as const)(
    'rule 14: a foreign table with %s is accepted, and get finds each key',
    async (_, table) => {
      const { directory, store, model } = await storeAndTable();
      const path = join(directory, 'taken.table');
      writeTable(path, entriesOf('k', 'taken'), table);
      await store.ingestAndExcise([{ span: span('k', 'l'), runs: [[path]] }]);
      model.delete('k0001');
      const expected = new Map([...model, ...newest(entriesOf('k', 'taken'))]);
      await expectContentsThroughout(store, expected, ['k', 'k9']);
    },
  );
});

describe('rule 15: lengths are not trusted', () => {
  test('rule 15: a foreign table cut short or with bytes added is refused', async () => {
    const { store, model, ingest, whole } = await storeAndTable();
    for (const size of [0, 1, 47, 48, 1000, whole.byteLength - 1]) {
      const error = await rejection(ingest(whole.slice(0, size)));
      expect(error.code).toBe('SSTITCH_TABLES_INVALID');
      expect(error.message).toContain('foreign.table');
    }
    const longer = new Uint8Array(whole.byteLength + 8);
    longer.set(whole);
    expect((await rejection(ingest(longer))).code).toBe('SSTITCH_TABLES_INVALID');
    expectTidy(store.location);
    await expectContents(store, model);
  });

  test('rule 15: a foreign table with any byte changed is refused', async () => {
    const { store, model, ingest, whole } = await storeAndTable();
    const { generation } = await store.metrics();
    const positions = Array.from({ length: 60 }, (_, at) => Math.floor((at * whole.length) / 60));
    // The footer: handles, padding, which LevelDB does not read, and magic.
    const footer = whole.length - 48;
    for (const position of [...positions, footer, footer + 1, footer + 2, whole.length - 1]) {
      const damaged = whole.slice();
      damaged[position] = (damaged[position] ?? 0) ^ 0x55;
      const error = await rejection(ingest(damaged));
      expect([position, error.code]).toEqual([position, 'SSTITCH_TABLES_INVALID']);
    }
    expect((await store.metrics()).generation).toBe(generation);
    await expectContentsThroughout(store, model);
  });

  test('rule 15: a sequence that would leave the store no room is refused', async () => {
    const { directory, store, model } = await storeAndTable();
    const path = join(directory, 'late.table');
    writeTable(path, [{ key: 'k', sequence: 2 ** 53 - 1, value: '' }]);
    const error = await rejection(
      store.ingestAndExcise([{ span: span('k', 'l'), runs: [[path]] }]),
    );
    expect(error.code).toBe('SSTITCH_TABLES_INVALID');
    await expectContentsThroughout(store, model);
  });

  test('rule 15: a missing table and a directory in its place are refused', async () => {
    const { directory, store, model } = await storeAndTable();
    for (const path of [join(directory, 'absent'), directory]) {
      const error = await rejection(
        store.ingestAndExcise([{ span: span('k', 'l'), runs: [[path]] }]),
      );
      expect(error.message).toContain(path);
    }
    await expectContentsThroughout(store, model);
  });
});
