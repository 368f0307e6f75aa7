import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { text } from '../../test/byte-writer.js';
import { EditWriter, encodeDatabase } from '../../test/encode-database.js';
import { encodeRowTable, type RowDeletion } from '../../test/encode-row-table.js';
import { fixtureEntries, fixtureFiles } from '../../test/fixtures.js';
import { listDatabase, listEntries } from '../../test/list-entries.js';
import { keyOf, manyTables } from '../../test/many-tables.js';
import { DIRECTORY, type Files, MemoryFiles } from '../../test/memory-files.js';
import { PebbleDatabase, type PebbleErrorCode, writePebbleDatabase } from '../index.js';

describe('a range', () => {
  it('reads only the tables and blocks that it needs', async () => {
    const files = manyTables();
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: files });
    expect(files.opened).toEqual(['MANIFEST-000001']);
    const range = { start: text(keyOf(295)), end: text(keyOf(305)) };
    expect((await listEntries(database, range)).length).toBe(10);
    expect(files.opened).toEqual(['MANIFEST-000001', '000002.sst', '000003.sst']);
    const before = files.bytesRead;
    expect(await database.get(text(keyOf(299)))).toEqual(text('v'.repeat(100)));
    // One block of ten entries; the table is already open.
    expect(files.bytesRead - before).toBeLessThan(2000);
    expect(files.opened.length).toBe(3);
  });

  it('opens a table when it reaches it, and releases it after its last key', async () => {
    const files = manyTables();
    const options = { fileSystem: files, idleTables: 0 };
    await using database = await PebbleDatabase.open(DIRECTORY, options);
    const open: number[] = [];
    for await (const page of database.entries({ pageEntries: 50 })) {
      open.push(files.openCount);
      expect(page.length).toBe(50);
    }
    expect(open.length).toBe(20);
    expect(Math.max(...open)).toBe(1);
    expect(files.openCount).toBe(0);
  });

  it('keeps as many idle tables open as the option says', async () => {
    const files = manyTables();
    const database = await PebbleDatabase.open(DIRECTORY, { fileSystem: files, idleTables: 3 });
    expect((await listEntries(database)).length).toBe(1000);
    expect(files.openCount).toBe(3);
    await database.close();
    expect(files.openCount).toBe(0);
  });

  it('releases its tables when the iteration ends early', async () => {
    const files = manyTables();
    const options = { fileSystem: files, idleTables: 0 };
    await using database = await PebbleDatabase.open(DIRECTORY, options);
    for await (const page of database.entries({ pageEntries: 1 })) {
      expect(page.length).toBe(1);
      break;
    }
    expect(files.openCount).toBe(0);
  });

  it('may be empty', async () => {
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: manyTables() });
    const key = text(keyOf(5));
    expect(await listEntries(database, { start: key, end: key })).toEqual([]);
    expect(await listEntries(database, { start: text('x') })).toEqual([]);
    expect(await listEntries(database, { end: text('a') })).toEqual([]);
  });
});

describe('pages', () => {
  it('end at the limit of entries or bytes', async () => {
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: manyTables() });
    const sizes = (options: object) =>
      [...database.entriesSync(options)].map(({ length }) => length);
    expect(sizes({ pageEntries: 300 })).toEqual([300, 300, 300, 100]);
    expect(sizes({ pageBytes: 1 }).length).toBe(1000);
    // A key has 8 bytes, a value 100.
    expect(sizes({ pageBytes: 108 * 400 })).toEqual([400, 400, 200]);
  });

  it('have bytes that later pages do not overwrite', async () => {
    const files = new MemoryFiles(fixtureFiles('table-formats'));
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: files });
    const kept = [...database.entriesSync({ pageEntries: 7 })].flat();
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    const lines = kept.map(({ key, value }) => `${hex(key)} ${hex(value)}`);
    expect(lines).toEqual(fixtureEntries('table-formats'));
  });

  it('end with an AbortError, whose cause is the reason, once their signal fires', async () => {
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: manyTables() });
    const controller = new AbortController();
    const { signal } = controller;
    const seen: number[] = [];
    const reading = (async () => {
      for await (const page of database.entries({ pageEntries: 10, signal })) {
        seen.push(page.length);
        if (seen.length === 3) controller.abort('enough');
      }
    })();
    const aborted = { name: 'AbortError', code: 'SSTITCH_ABORTED', cause: 'enough' };
    await expect(reading).rejects.toMatchObject(aborted);
    expect(seen).toEqual([10, 10, 10]);
    await expect(database.entries({ signal }).next()).rejects.toMatchObject(aborted);
  });
});

describe('entries that are not live', () => {
  it('do not delay the abort of an iterator', async () => {
    const keys = Array.from(
      { length: 100_000 },
      (_, index) => `key ${String(index).padStart(6, '0')}`,
    );
    const bytes = encodeRowTable({
      points: keys.map((key) => ({ key, sequence: 5, kind: 0 })),
      pointsInBlock: 1000,
    });
    const table = { number: 9, sizeBytes: bytes.length, smallest: '', largest: 'z' };
    const files = encodeDatabase(
      [new EditWriter().head().addTable(table)],
      [['000009.sst', bytes]],
    );
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: files });
    const controller = new AbortController();
    const next = database.entries({ signal: controller.signal }).next();
    controller.abort('enough');
    await expect(next).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    expect(files.bytesRead).toBeLessThan(bytes.length / 2);
    expect(await listEntries(database)).toEqual([]);
    expect([...database.entriesSync()]).toEqual([]);
  });
});

describe('tables with many range deletions', () => {
  it('do not delay the abort of an iterator', async () => {
    const rangeDeletions = Array.from({ length: 2000 }, (_, index) => {
      const [start, end] = [index, index + 1].map((each) => String(each).padStart(4, '0'));
      return { start, end, sequence: 5 } as RowDeletion;
    });
    const bytes = encodeRowTable({ points: [], emptyBlocks: ['9'], rangeDeletions });
    const edit = new EditWriter().head();
    const tables: Files = new Map();
    for (let number = 10; number < 70; number += 1) {
      tables.set(`0000${number}.sst`, bytes);
      const bounds = { smallest: '0', largest: '9' };
      edit.addTable({ number, level: 0, sizeBytes: bytes.length, ...bounds });
    }
    const files = encodeDatabase([edit], tables);
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: files });
    const controller = new AbortController();
    const next = database.entries({ signal: controller.signal }).next();
    controller.abort('enough');
    await expect(next).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    expect(files.opened.length).toBeLessThan(20);
  });
});

describe('a closed database', () => {
  it('refuses reads, and ends iterators', async () => {
    const files = manyTables();
    const database = await PebbleDatabase.open(DIRECTORY, { fileSystem: files });
    const pages = database.entries({ pageEntries: 10 });
    expect((await pages.next()).done).toBe(false);
    await database.close();
    await expect(pages.next()).rejects.toMatchObject({ code: 'SSTITCH_PEBBLE_CLOSED' });
    await expect(database.get(text('a'))).rejects.toMatchObject({ code: 'SSTITCH_PEBBLE_CLOSED' });
    await database.close();
    expect(files.openCount).toBe(0);
  });
});

describe('a directory', () => {
  const fails = async (files: Files, code: PebbleErrorCode, problem: string) => {
    await expect(listDatabase(new MemoryFiles(files))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(problem),
    });
  };
  const changed = (change: (files: Files) => void) => {
    const files = fixtureFiles('history-24');
    change(files);
    return files;
  };
  const nothing = new Uint8Array(0);

  it('follows from its markers, of which the latest counts', async () => {
    const files = changed((all) => {
      all.set('marker.manifest.000000.MANIFEST-000999', nothing);
      all.set('marker.other.000009.value', nothing);
      all.set('something else', nothing);
      all.set('notes.log', nothing);
    });
    expect(await listDatabase(new MemoryFiles(files))).toEqual(fixtureEntries('history-24'));
  });

  it('is refused if its markers are wrong', async () => {
    const CORRUPT = 'SSTITCH_PEBBLE_CORRUPT';
    await fails(new Map(), 'SSTITCH_PEBBLE_NOT_FOUND', 'holds no Pebble database');
    await fails(new Map([['CURRENT', nothing]]), 'SSTITCH_PEBBLE_UNSUPPORTED', 'a CURRENT file');
    await fails(
      changed((all) => all.set('marker.manifest.000002', nothing)),
      CORRUPT,
      'marker.NAME.NUMBER.VALUE',
    );
    await fails(
      changed((all) => all.set('marker.manifest.000002.CURRENT', nothing)),
      CORRUPT,
      'not MANIFEST-NUMBER',
    );
    await fails(
      changed((all) => all.set('marker.manifest.000002.MANIFEST-000077', nothing)),
      'SSTITCH_PEBBLE_NOT_FOUND',
      'the manifest marker names it',
    );
    await fails(
      changed((all) => all.set('marker.format-version.000009.025', nothing)),
      'SSTITCH_PEBBLE_UNSUPPORTED',
      "Pebble's format version 25",
    );
    await fails(
      changed((all) => all.set('marker.format-version.000009.new', nothing)),
      CORRUPT,
      'not a number',
    );
    await fails(
      changed((all) => all.delete('marker.format-version.000001.024')),
      CORRUPT,
      'no marker.format-version',
    );
  });

  it('of the disk is read, but only from regular files', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pebble-'));
    try {
      for (const [name, bytes] of fixtureFiles('history-24'))
        writeFileSync(join(directory, name), bytes);
      const database = await PebbleDatabase.open(directory);
      expect(database.formatVersion).toBe(24);
      expect(await listEntries(database)).toEqual(fixtureEntries('history-24'));
      await database.close();
      symlinkSync('MANIFEST-000001', join(directory, 'MANIFEST-000077'));
      writeFileSync(join(directory, 'marker.manifest.000077.MANIFEST-000077'), '');
      await expect(PebbleDatabase.open(directory)).rejects.toMatchObject({
        code: 'SSTITCH_PEBBLE_UNSUPPORTED',
        message: expect.stringContaining('this is a link'),
      });
      rmSync(join(directory, 'MANIFEST-000077'));
      const path = join(directory, 'MANIFEST-000077');
      const problem = 'the file is missing, but the manifest marker names it';
      await expect(PebbleDatabase.open(directory)).rejects.toMatchObject({
        code: 'SSTITCH_PEBBLE_NOT_FOUND',
        problem,
        message: `${problem}: copy the whole directory again (${path})`,
      });
      await expect(PebbleDatabase.open(join(directory, 'missing'))).rejects.toMatchObject({
        code: 'SSTITCH_PEBBLE_NOT_FOUND',
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('keeps the error of a file system as the cause of its own', async () => {
    const files = manyTables();
    const broken = Object.assign(new Error('EIO: broken'), { code: 'EIO' });
    const fileSystem = {
      readdir: (path: string) => files.readdir(path),
      status: (path: string) => files.status(path),
      open: (path: string) => ({
        ...files.open(path),
        read: () => {
          throw broken;
        },
      }),
    };
    await expect(PebbleDatabase.open(DIRECTORY, { fileSystem })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_IO',
      path: '/database/MANIFEST-000001',
      cause: broken,
    });
    expect(files.openCount).toBe(0);
  });
});

describe('a file that cannot be closed', () => {
  const broken = Object.assign(new Error('EIO: broken'), { code: 'EIO' });
  /** `files`, whose handles fail when they are closed. */
  const failing = (files: MemoryFiles) => ({
    readdir: (path: string) => files.readdir(path),
    status: (path: string) => files.status(path),
    open: (path: string) => {
      const file = files.open(path);
      const close = () => {
        file.close();
        throw broken;
      };
      return { ...file, close };
    },
  });

  it('keeps no other open, and fails no reader', async () => {
    const files = manyTables();
    const database = await PebbleDatabase.open(DIRECTORY, { fileSystem: failing(files) });
    expect((await listEntries(database)).length).toBe(1000);
    expect(files.openCount).toBe(10);
    await database.close();
    expect(files.openCount).toBe(0);
  });

  it('does not hide why a reader failed', async () => {
    const files = manyTables();
    files.files.set('MANIFEST-000001', text('not a log'));
    await expect(
      PebbleDatabase.open(DIRECTORY, { fileSystem: failing(files) }),
    ).rejects.toMatchObject({ code: 'SSTITCH_PEBBLE_CORRUPT' });
  });
});

describe('a synchronous scan', () => {
  it('frees the blocks that it has read, although no turn of the event loop ends', async () => {
    const directory = join(mkdtempSync(join(tmpdir(), 'pebble-')), 'database');
    try {
      const value = new Uint8Array(2 ** 20);
      const entries = Array.from({ length: 64 }, (_, index) => ({
        key: text(keyOf(index)),
        value,
      }));
      await writePebbleDatabase(directory, entries);
      await using database = await PebbleDatabase.open(directory);
      const scan = () => {
        let bytes = 0;
        for (const page of database.packedEntriesSync()) bytes += page.bytes.length;
        return bytes;
      };
      scan();
      const before = process.memoryUsage.rss();
      for (let rounds = 12; rounds > 0; rounds -= 1) scan();
      // 768 MiB were decompressed.
      expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 28);
    } finally {
      rmSync(join(directory, '..'), { recursive: true });
    }
  });
});
