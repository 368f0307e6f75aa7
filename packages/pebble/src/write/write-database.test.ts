import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem, verifyTable } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listDatabase, listEntries } from '../../test/list-entries.js';
import { entriesInOrder, keptFiles, linesOf, numberedEntries } from '../../test/made-entries.js';
import { MemoryFiles } from '../../test/memory-files.js';
import {
  type Entry,
  type EntrySource,
  PebbleDatabase,
  type WriteOptions,
  writePebbleDatabase,
} from '../index.js';

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pebble-'));
  directory = join(root, 'database');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const KIB = 1024;
/** The smallest allowed sizes, so that a few entries make several tables. */
const SMALL_TABLES = { tableSizeBytes: 64 * KIB, blockSizeBytes: KIB };

function openLevel(): ClassicLevel<Uint8Array, Uint8Array> {
  const binary = { keyEncoding: 'view', valueEncoding: 'view' } as const;
  return new ClassicLevel(directory, { ...binary, createIfMissing: false });
}

/** The entries that LevelDB reads from the directory. */
async function listWithLevelDb(): Promise<string[]> {
  const database = openLevel();
  await database.open();
  try {
    const entries = await database.iterator().all();
    return linesOf(entries.map(([key, value]) => ({ key, value })));
  } finally {
    await database.close();
  }
}

async function listWithPebbleReader(): Promise<string[]> {
  await using database = await PebbleDatabase.open(directory);
  return await listEntries(database);
}

const options: fc.Arbitrary<WriteOptions> = fc.record({
  tableSizeBytes: fc.constantFrom(64 * KIB, 1024 * KIB),
  blockSizeBytes: fc.constantFrom(KIB, 32 * KIB),
  compression: fc.constantFrom('snappy' as const, 'none' as const),
  bloomBitsPerKey: fc.constantFrom(0 as const, 10 as const),
  formatVersion: fc.integer({ min: 13, max: 24 }),
});

describe('a written database', () => {
  it('is read back by the reader of this package, for any entries and options', async () => {
    await fc.assert(
      fc.asyncProperty(entriesInOrder(), options, async (entries, chosen) => {
        const { files, sink } = keptFiles();
        const written = await writePebbleDatabase(sink, entries, chosen);
        expect(await listDatabase(new MemoryFiles(files))).toEqual(linesOf(entries));
        expect(written.entries).toBe(entries.length);
        expect(written.tables).toBe([...files.keys()].filter((name) => /sst$/.test(name)).length);
        const sizes = [...files.values()].map(({ length }) => length);
        expect(written.sizeBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
      }),
    );
  });

  it('is read back by LevelDB, by iteration and by get, for any entries and options', async () => {
    await fc.assert(
      fc.asyncProperty(entriesInOrder(), options, async (entries, chosen) => {
        await writePebbleDatabase(directory, entries, chosen);
        const database = openLevel();
        await database.open();
        try {
          const found = await database.iterator().all();
          const lines = linesOf(found.map(([key, value]) => ({ key, value })));
          expect(lines).toEqual(linesOf(entries));
          for (const { key, value } of entries) {
            expect(Buffer.compare((await database.get(key)) as Uint8Array, value)).toBe(0);
          }
        } finally {
          await database.close();
          rmSync(directory, { recursive: true });
        }
      }),
      { numRuns: 20 },
    );
  });

  it('works as a LevelDB database, which can overwrite, delete and compact', async () => {
    const entries = numberedEntries(20_000);
    await writePebbleDatabase(directory, entries, SMALL_TABLES);
    const database = openLevel();
    await database.open();
    const [first, second] = entries as [Entry, Entry];
    await database.put(first.key, Buffer.from('new'));
    await database.del(second.key);
    await database.compactRange(first.key, (entries.at(-1) as Entry).key);
    await database.close();
    const expected = [{ key: first.key, value: Buffer.from('new') }, ...entries.slice(2)];
    expect(await listWithLevelDb()).toEqual(linesOf(expected));
  });

  it('has several valid tables of the requested size, each with properties', async () => {
    const entries = numberedEntries(20_000);
    const { tables } = await writePebbleDatabase(directory, entries, SMALL_TABLES);
    expect(tables).toBeGreaterThan(5);
    const names = readdirSync(directory).filter((name) => name.endsWith('.sst'));
    expect(names.length).toBe(tables);
    let counted = 0;
    for (const name of names) {
      const properties = verifyTable(nodeFileSystem, join(directory, name));
      counted += properties.entries;
      expect(properties.sizeBytes).toBeLessThan(66 * KIB);
      expect([properties.smallestSequence, properties.largestSequence]).toEqual([0, 0]);
    }
    expect(counted).toBe(entries.length);
    expect(await listWithPebbleReader()).toEqual(linesOf(entries));
    expect(await listWithLevelDb()).toEqual(linesOf(entries));
  });

  it('is an empty database without entries', async () => {
    expect(await writePebbleDatabase(directory, [])).toMatchObject({ entries: 0, tables: 0 });
    expect(await listWithPebbleReader()).toEqual([]);
    expect(await listWithLevelDb()).toEqual([]);
  });

  it('has a MANIFEST of several log blocks if there are many tables', async () => {
    const entries = numberedEntries(60).map(({ key }) => ({
      key: Buffer.concat([key, Buffer.alloc(2000, 'k')]),
      value: Buffer.alloc(70 * KIB, 'v'),
    }));
    const { files, sink } = keptFiles();
    await writePebbleDatabase(sink, entries, { ...SMALL_TABLES, compression: 'none' });
    expect(files.get('MANIFEST-000061')?.length).toBeGreaterThan(4 * 32 * KIB);
    expect(await listDatabase(new MemoryFiles(files))).toEqual(linesOf(entries));
  });
});

describe('files', () => {
  it('are written in the order of their names, the markers last', async () => {
    const { files, sink } = keptFiles();
    const entries = numberedEntries(5000);
    const options = { ...SMALL_TABLES, formatVersion: 24 };
    const { tables } = await writePebbleDatabase(sink, entries, options);
    const names = [...files.keys()];
    expect(names).toEqual([...names].sort());
    expect(names.slice(tables)).toEqual([
      'CURRENT',
      `MANIFEST-00000${tables + 1}`,
      'marker.format-version.000001.024',
      `marker.manifest.000001.MANIFEST-00000${tables + 1}`,
    ]);
  });

  it('have no CURRENT if the option says so', async () => {
    const { files, sink } = keptFiles();
    await writePebbleDatabase(sink, numberedEntries(1), { current: false });
    expect([...files.keys()].filter((name) => name === 'CURRENT')).toEqual([]);
    expect((await listDatabase(new MemoryFiles(files))).length).toBe(1);
  });

  it('are passed to the sink one after another, each after the previous promise has fulfilled', async () => {
    const events: string[] = [];
    const sink = async ({ name }: { readonly name: string }) => {
      events.push(`begin ${name}`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`end ${name}`);
    };
    await writePebbleDatabase(sink, numberedEntries(5000), SMALL_TABLES);
    expect(events.length).toBeGreaterThan(8);
    for (let index = 0; index < events.length; index += 2) {
      expect(events[index]?.replace('begin', 'end')).toBe(events[index + 1]);
    }
  });
});

describe('entries', () => {
  const entries = numberedEntries(10_000);
  async function* asynchronously<T>(items: readonly T[]) {
    for (const item of items) {
      if (Math.abs(items.indexOf(item) % 1000) === 1) await Promise.resolve();
      yield item;
    }
  }
  const pages = Array.from({ length: 11 }, (_, page) =>
    entries.slice(page * 1000, page * 1000 + 1000),
  );

  it.each<[string, EntrySource]>([
    ['an array', entries],
    ['a generator', entries.values()],
    ['pages, some empty', pages],
    ['asynchronous pages', asynchronously(pages)],
    ['pages and single entries', [...pages.slice(0, 5), ...entries.slice(5000)]],
  ])('come from %s', async (_name, source) => {
    const { files, sink } = keptFiles();
    const { entries: count } = await writePebbleDatabase(sink, source, SMALL_TABLES);
    expect(count).toBe(entries.length);
    expect(await listDatabase(new MemoryFiles(files))).toEqual(linesOf(entries));
  });

  it('can be the pages of another database', async () => {
    const { files, sink } = keptFiles();
    await writePebbleDatabase(sink, entries, SMALL_TABLES);
    await using source = await PebbleDatabase.open('/database', {
      fileSystem: new MemoryFiles(files),
    });
    await writePebbleDatabase(directory, source.entries());
    expect(await listWithLevelDb()).toEqual(linesOf(entries));
  });

  it('are copied, so that their memory can be reused for the next', async () => {
    function* reused(): Generator<Entry> {
      const key = new Uint8Array(4);
      const value = new Uint8Array(8);
      for (let number = 0; number < 3000; number += 1) {
        new DataView(key.buffer).setUint32(0, number);
        value.fill(number);
        yield { key, value };
      }
    }
    const { files, sink } = keptFiles();
    await writePebbleDatabase(sink, reused());
    const lines = await listDatabase(new MemoryFiles(files));
    expect(lines[2999]).toBe(`${(2999).toString(16).padStart(8, '0')} ${'b7'.repeat(8)}`);
  });

  it('do not block other work of the process', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    const { sink } = keptFiles();
    await writePebbleDatabase(sink, numberedEntries(200_000));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
});
