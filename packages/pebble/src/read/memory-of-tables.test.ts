import { describe, expect, it } from 'vitest';
import { text } from '../../test/byte-writer.js';
import { EditWriter, encodeDatabase } from '../../test/encode-database.js';
import { encodeRowTable } from '../../test/encode-row-table.js';
import { listDatabase } from '../../test/list-entries.js';
import { keyOf, manyTables } from '../../test/many-tables.js';
import { DIRECTORY, type Files, type MemoryFiles } from '../../test/memory-files.js';
import { PebbleDatabase } from '../index.js';

describe('the memory of open tables', () => {
  /** Tables of level 0 that all cover the same range, each with a block of 20 KB. */
  function overlappingTables(count: number): MemoryFiles {
    const edit = new EditWriter().head();
    const files: Files = new Map();
    for (let number = 10; number < 10 + count; number += 1) {
      const points = ['a', 'b'].map((key) => ({
        key,
        sequence: number,
        value: 'v'.repeat(10_000),
      }));
      const bytes = encodeRowTable({ points });
      files.set(`0000${number}.sst`, bytes);
      edit.addTable({ number, level: 0, sizeBytes: bytes.length, smallest: 'a', largest: 'b' });
    }
    return encodeDatabase([edit], files);
  }

  it('is bounded by an option', async () => {
    const files = overlappingTables(50);
    expect((await listDatabase(files, { maxOpenBytes: 2_000_000 })).length).toBe(2);
    await expect(listDatabase(files, { maxOpenBytes: 500_000 })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_TOO_LARGE',
      message: expect.stringContaining('maxOpenBytes'),
    });
    expect(files.openCount).toBe(0);
  });

  /** Tables of level 0, each with a point of its own and a range deletion with a key of 20 KB, after all points. */
  function tablesWithDeletions(count: number, smallest: (number: number) => string): MemoryFiles {
    const edit = new EditWriter().head();
    const files: Files = new Map();
    for (let number = 10; number < 10 + count; number += 1) {
      const key = smallest(number);
      const bytes = encodeRowTable({
        points: [{ key, sequence: number, value: 'value' }],
        rangeDeletions: [{ start: 'x'.repeat(20_000), end: 'y', sequence: number }],
      });
      files.set(`0000${number}.sst`, bytes);
      const bounds = { smallest: key, largest: 'y', isExclusive: true };
      edit.addTable({ number, level: 0, sizeBytes: bytes.length, ...bounds });
    }
    return encodeDatabase([edit], files);
  }

  it.each([
    ['while the tables are open', () => 'a'],
    ['after the last point of their table', (number: number) => `a${number}`],
  ])('counts the keys of range deletions, %s', async (_, smallest) => {
    const files = tablesWithDeletions(50, smallest);
    expect((await listDatabase(files, { maxOpenBytes: 4_000_000 })).length).toBeGreaterThan(0);
    await expect(listDatabase(files, { maxOpenBytes: 500_000 })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_TOO_LARGE',
      message: expect.stringContaining('maxOpenBytes'),
    });
    expect(files.openCount).toBe(0);
  });

  it('counts the memory that a long key of an earlier block has left', async () => {
    const edit = new EditWriter().head();
    const files: Files = new Map();
    for (let number = 10; number < 60; number += 1) {
      const keys = [`a${number}${'x'.repeat(20_000)}`, 'b'];
      const bytes = encodeRowTable({
        points: keys.map((key) => ({ key, sequence: number, value: 'value' })),
        pointsInBlock: 1,
        separators: [`a${number}y`, 'b'],
      });
      files.set(`0000${number}.sst`, bytes);
      const bounds = { smallest: `a${number}`, largest: 'b' };
      edit.addTable({ number, level: 0, sizeBytes: bytes.length, ...bounds });
    }
    const database = encodeDatabase([edit], files);
    expect((await listDatabase(database, { maxOpenBytes: 4_000_000 })).length).toBe(51);
    await expect(listDatabase(database, { maxOpenBytes: 500_000 })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_TOO_LARGE',
    });
  });

  it('is released: tables read one after another need no more than one', async () => {
    const files = manyTables();
    expect((await listDatabase(files, { maxOpenBytes: 4000 })).length).toBe(1000);
    const options = { fileSystem: files, maxOpenBytes: 4000 };
    await using database = await PebbleDatabase.open(DIRECTORY, options);
    for (let index = 0; index < 1000; index += 7) {
      expect((await database.get(text(keyOf(index))))?.length).toBe(100);
    }
  });
});
