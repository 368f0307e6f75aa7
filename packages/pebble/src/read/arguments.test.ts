import { describe, expect, it } from 'vitest';
import { text } from '../../test/byte-writer.js';
import { keyOf, manyTables } from '../../test/many-tables.js';
import { DIRECTORY } from '../../test/memory-files.js';
import { PebbleDatabase } from '../index.js';

/** Bytes whose memory was transferred to another thread: as bytes they look like an empty key. */
function transferred(): Uint8Array {
  const bytes = new Uint8Array(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

describe('arguments', () => {
  it.each([
    ['maxBlockBytes', { maxBlockBytes: 0 }],
    ['maxTables', { maxTables: 1.5 }],
    ['idleTables', { idleTables: -1 }],
    ['idleTables', { idleTables: Object.create(null) as number }],
    ['tornLogs', { tornLogs: 'maybe' as 'end' }],
  ])('are checked: the option %s', async (name, options) => {
    await expect(PebbleDatabase.open(DIRECTORY, options)).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_OPTIONS',
      message: expect.stringContaining(name),
    });
  });

  it('are checked: ranges and pages', async () => {
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: manyTables() });
    const code = 'SSTITCH_PEBBLE_OPTIONS';
    for (const options of [
      { start: text('b'), end: text('a') },
      { start: Object.create(null) as Uint8Array },
      { start: 'a' as unknown as Uint8Array },
      { end: 7 as unknown as Uint8Array },
      { end: transferred() },
      { pageEntries: 0 },
      { pageBytes: Number.NaN },
      // The offsets of packed entries have 32 bits.
      { pageBytes: 2 ** 31 },
    ]) {
      await expect(database.entries(options).next()).rejects.toMatchObject({ code });
    }
  });

  it('are checked: keys', async () => {
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: manyTables() });
    for (const key of ['a', 7, [1], undefined, transferred()] as unknown as Uint8Array[]) {
      await expect(database.get(key)).rejects.toMatchObject({
        code: 'SSTITCH_PEBBLE_OPTIONS',
        message: expect.stringContaining('key is '),
      });
    }
  });

  it('may change once a call has returned: bounds are copied', async () => {
    await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem: manyTables() });
    const [start, end] = [Buffer.from(keyOf(150)), Buffer.from(keyOf(450))];
    const pages = database.entriesSync({ start, end, pageEntries: 100 });
    const packed = database.packedEntriesSync({ start, end, pageEntries: 100 });
    const later = database.entries({ start, end, pageEntries: 100 });
    start.fill(0x7a);
    end.fill(0);
    expect([...pages].flat().length).toBe(300);
    expect(Array.from(packed, ({ count }) => count)).toEqual([100, 100, 100]);
    for (let left = 3; left > 0; left -= 1) {
      expect((await later.next()).value?.length).toBe(100);
    }
    expect((await later.next()).done).toBe(true);
  });
});
