import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complementOfSpans, type Span, spanContains } from '@sstitch/contract';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, internalKey, pseudoRandomBytes, textOf } from '../../test/entries.js';
import { userKeyOf } from '../encoding/internal-key.js';
import { nodeFileSystem } from '../files/node-file-system.js';
import { mergeTables } from '../merge/merge-tables.js';
import { copyPart } from '../split/copy-part.js';
import { sharePart } from '../split/share-part.js';
import { checkTableStructure, verifyTable } from '../verify/verify-table.js';
import { TableBuilder } from './table-builder.js';
import { TableReader } from './table-reader.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sst-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const binary = { keyEncoding: 'view', valueEncoding: 'view' } as const;
type Database = ClassicLevel<Uint8Array, Uint8Array>;

interface Written {
  readonly name: string;
  readonly entries: number;
  readonly compression: boolean;
  readonly valueOf: (number: number) => Uint8Array;
}

const databases: readonly Written[] = [
  {
    name: 'three entries',
    entries: 3,
    compression: true,
    valueOf: (number) => bytesOf(`value ${number}`),
  },
  {
    name: 'compressible values',
    entries: 20_000,
    compression: true,
    valueOf: (number) => bytesOf(`value ${number} `.repeat(8)),
  },
  {
    name: 'random values, which stay raw',
    entries: 20_000,
    compression: true,
    valueOf: (number) => pseudoRandomBytes(number, 90),
  },
  {
    name: 'no compression',
    entries: 20_000,
    compression: false,
    valueOf: (number) => bytesOf(`value ${number} `.repeat(number % 12)),
  },
  {
    name: 'values larger than a block',
    entries: 60,
    compression: false,
    valueOf: (number) => pseudoRandomBytes(number, number * 997),
  },
];

const keyOf = (number: number): Uint8Array =>
  bytesOf(`sync/${number % 7}/grant/${String(number).padStart(8, '0')}`);

/** Writes entries, overwrites some, deletes others, and compacts. Keeps old versions on request. */
async function writeDatabase(written: Written, keepOldVersions: boolean): Promise<Database> {
  const database: Database = new ClassicLevel(directory, {
    ...binary,
    compression: written.compression,
  });
  await database.open();
  const batch = (from: number, step: number, round: number) =>
    database.batch(
      Array.from({ length: Math.ceil((written.entries - from) / step) }, (_, index) => {
        const number = from + index * step;
        return round === 2
          ? ({ type: 'del', key: keyOf(number) } as const)
          : ({
              type: 'put',
              key: keyOf(number),
              value: written.valueOf(number + round),
            } as const);
      }),
    );
  await batch(0, 1, 0);
  // The compaction keeps the versions that an open iterator sees.
  const snapshot = keepOldVersions ? database.iterator() : undefined;
  await snapshot?.next();
  await batch(1, 5, 1);
  await batch(2, 9, 2);
  await database.compactRange(new Uint8Array(0), bytesOf('\uffff'), binary);
  await snapshot?.close();
  return database;
}

function tablePaths(of: string): string[] {
  return readdirSync(of)
    .filter((name) => name.endsWith('.ldb'))
    .sort()
    .map((name) => join(of, name));
}

async function entriesOf(database: Database): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  for await (const [key, value] of database.iterator()) entries.set(textOf(key), textOf(value));
  return entries;
}

describe.each(databases)('a database that LevelDB wrote: $name', (written) => {
  it('reads as LevelDB reads it, and every table verifies', async () => {
    const database = await writeDatabase(written, false);
    const expected = await entriesOf(database);
    await database.close();
    const paths = tablePaths(directory);
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      const properties = verifyTable(nodeFileSystem, path);
      checkTableStructure(nodeFileSystem, path, properties);
    }
    const readers = paths.map((path) => TableReader.open(nodeFileSystem, path));
    const found = new Map<string, string>();
    const merged = mergeTables(readers, { dropShadowed: true });
    for (; merged.valid; merged.next()) {
      found.set(textOf(userKeyOf(merged.key)), textOf(merged.value));
    }
    expect(found).toEqual(expected);
    for (const [key, value] of expected) {
      const entries = readers.flatMap((reader) => reader.get(bytesOf(key)) ?? []);
      entries.sort((a, b) => b.sequence - a.sequence);
      expect(entries[0]?.type).toBe('value');
      if (textOf(entries[0]?.value ?? new Uint8Array(0)) !== value) expect.fail(`get ${key}`);
    }
    for (const reader of readers) reader.close();
  });

  it('has tables that TableBuilder writes byte for byte alike, except for compressed blocks', async () => {
    const database = await writeDatabase(written, true);
    await database.close();
    for (const path of tablePaths(directory)) {
      const reader = TableReader.open(nodeFileSystem, path);
      const copy = `${path}.copy`;
      const file = nodeFileSystem.open(copy, 'create');
      const builder = new TableBuilder(file, {
        compression: written.compression ? 'snappy' : 'none',
      });
      const iterator = reader.iterator();
      for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
        builder.add(iterator.key, iterator.value);
      }
      const properties = builder.finish();
      file.close();
      expect(verifyTable(nodeFileSystem, copy)).toEqual(properties);
      if (!written.compression) {
        expect(Buffer.compare(readFileSync(copy), readFileSync(path))).toBe(0);
      }
      reader.close();
    }
  });
});

/** Makes a directory of these tables, lets LevelDB repair it, which builds a MANIFEST, and opens it. */
async function openTables(build: (path: (number: number) => string) => void): Promise<Database> {
  build((number) => join(directory, `${String(number).padStart(6, '0')}.ldb`));
  await ClassicLevel.repair(directory);
  const database: Database = new ClassicLevel(directory, { ...binary, createIfMissing: false });
  await database.open();
  return database;
}

/** Expects that LevelDB finds exactly these entries by get (through the filters), forwards and backwards. */
async function expectContents(database: Database, expected: Map<string, string>): Promise<void> {
  expect(await entriesOf(database)).toEqual(expected);
  const backwards: string[] = [];
  for await (const key of database.keys({ reverse: true })) backwards.push(textOf(key));
  expect(backwards.reverse()).toEqual([...expected.keys()]);
  const keys = [...expected.keys()];
  const values = await database.getMany(keys.map(bytesOf));
  const missed = keys.filter((key, index) => {
    const value = values[index];
    return value === undefined || textOf(value) !== expected.get(key);
  });
  expect(missed).toEqual([]);
}

/** Returns the newest values of a table in the spans, by decoding all of it. */
function contentsOf(path: string, spans: readonly Span[]): Map<string, string> {
  const reader = TableReader.open(nodeFileSystem, path);
  const contents = new Map<string, string>();
  const merged = mergeTables([reader], { dropShadowed: true });
  for (; merged.valid; merged.next()) {
    const userKey = userKeyOf(merged.key);
    if (spans.some((span) => spanContains(span, userKey))) {
      contents.set(textOf(userKey), textOf(merged.value));
    }
  }
  reader.close();
  return contents;
}

describe.each([
  { compression: 'snappy', blockSizeBytes: 4096 },
  { compression: 'snappy', blockSizeBytes: 1024 },
  { compression: 'none', blockSizeBytes: 4096 },
  { compression: 'none', blockSizeBytes: 16_384 },
  { compression: 'snappy', blockSizeBytes: 4096, seal: true },
] as const)('LevelDB, given tables of this package (%o)', (options) => {
  it('finds every key by get and by iteration', async () => {
    const expected = new Map<string, string>();
    const database = await openTables((path) => {
      for (const number of [5, 6, 7]) {
        buildTable(path(number), number, options, expected);
      }
    });
    await expectContents(database, new Map([...expected].sort()));
    await database.compactRange(new Uint8Array(0), bytesOf('\uffff'), binary);
    await expectContents(database, new Map([...expected].sort()));
    await database.close();
  });

  const user = (text: string) => bytesOf(text);
  it.each<{ name: string; spans: Span[] }>([
    { name: 'everything', spans: [{ start: user(''), end: undefined }] },
    { name: 'a prefix', spans: [{ start: user(''), end: user('table5/k0004321') }] },
    { name: 'a suffix', spans: [{ start: user('table5/k0004321/x'), end: undefined }] },
    { name: 'a middle', spans: [{ start: user('table5/k0001000'), end: user('table5/k0007777') }] },
    {
      name: 'one key',
      spans: [{ start: user('table5/k0005000'), end: user('table5/k0005000\0') }],
    },
    {
      name: 'all but a middle',
      spans: complementOfSpans([{ start: user('table5/k0003210'), end: user('table5/k00060') }]),
    },
    {
      name: 'many spans, small and large',
      spans: Array.from({ length: 60 }, (_, index) => ({
        start: user(`table5/k${String(index * 150).padStart(7, '0')}`),
        end: user(`table5/k${String(index * 150 + 1 + ((index * 7) % 140)).padStart(7, '0')}`),
      })),
    },
  ])('finds every key of a part, and of a virtual table: $name', async ({ spans }) => {
    const source = join(directory, 'source');
    buildTable(source, 5, options, new Map());
    const expected = contentsOf(source, spans);
    const database = await openTables((path) => {
      const reader = TableReader.open(nodeFileSystem, source);
      const file = nodeFileSystem.open(path(5), 'create');
      const properties = copyPart(reader, spans, () => file);
      file.close();
      reader.close();
      const verified = verifyTable(nodeFileSystem, path(5));
      expect(properties).toMatchObject({
        sizeBytes: verified.sizeBytes,
        smallest: verified.smallest,
        largest: verified.largest,
      });
    });
    expect(expected.size).toBeGreaterThan(0);
    await expectContents(database, expected);
    await database.close();

    const shared = await openTables((path) => {
      copyFileSync(source, path(5));
      const reader = TableReader.open(nodeFileSystem, path(5));
      const file = nodeFileSystem.open(path(5), 'append');
      sharePart(reader, spans, file);
      file.close();
      reader.close();
    });
    await expectContents(shared, expected);
    await shared.compactRange(new Uint8Array(0), bytesOf('\xff'), binary);
    await expectContents(shared, expected);
    await shared.close();
  });
});

function buildTable(
  path: string,
  number: number,
  options: ConstructorParameters<typeof TableBuilder>[1] & object,
  contents: Map<string, string>,
): void {
  const file = nodeFileSystem.open(path, 'create');
  const builder = new TableBuilder(file, options);
  for (let index = 0; index < 9000; index += 1) {
    const key = `table${number}/k${String(index).padStart(7, '0')}`;
    const value =
      index % 3 === 0 ? textOf(pseudoRandomBytes(index, 40)) : `${key} `.repeat(index % 5);
    addVersions(builder, key, value, index, contents);
  }
  builder.finish();
  file.close();
}

function addVersions(
  builder: TableBuilder,
  key: string,
  value: string,
  index: number,
  contents: Map<string, string>,
): void {
  const sequence = 100 + index * 4;
  // Every eleventh key is deleted, and every seventh has an older version too.
  const deleted = index % 11 === 0;
  if (deleted) {
    builder.add(internalKey(key, sequence + 3, 'deletion'), new Uint8Array(0));
  } else {
    contents.set(key, value);
    builder.add(internalKey(key, sequence + 3, 'value'), bytesOf(value));
  }
  if (deleted || index % 7 === 0) {
    builder.add(internalKey(key, sequence + 1, 'value'), bytesOf('an older version'));
  }
}

it.each(['a part', 'a virtual table'])(
  'LevelDB finds every key of a part of %s, before and after it compacts',
  async (of) => {
    const path = (name: string) => join(directory, name);
    buildTable(path('source'), 5, {}, new Map());
    const spansOf = (step: number, width: number): Span[] =>
      Array.from({ length: Math.floor(9000 / step) }, (_, index) => ({
        start: bytesOf(`table5/k${String(index * step).padStart(7, '0')}`),
        end: bytesOf(`table5/k${String(index * step + width).padStart(7, '0')}`),
      }));
    const first = spansOf(400, 290);
    const second = spansOf(700, 611);
    const copy = (from: string, to: string, spans: readonly Span[]) => {
      const reader = TableReader.open(nodeFileSystem, from);
      const file = nodeFileSystem.open(to, 'create');
      copyPart(reader, spans, () => file);
      file.close();
      reader.close();
    };
    if (of === 'a part') {
      copy(path('source'), path('once'), first);
    } else {
      copyFileSync(path('source'), path('once'));
      const reader = TableReader.open(nodeFileSystem, path('once'));
      const file = nodeFileSystem.open(path('once'), 'append');
      expect(sharePart(reader, first, file)?.rebuiltBlocks).toBeGreaterThan(20);
      file.close();
      reader.close();
    }
    const expected = contentsOf(path('once'), second);
    const database = await openTables((tablePath) => copy(path('once'), tablePath(5), second));
    expect(expected.size).toBeGreaterThan(3000);
    await expectContents(database, expected);
    await database.compactRange(new Uint8Array(0), bytesOf('\xff'), binary);
    await expectContents(database, expected);
    await database.close();
  },
);
