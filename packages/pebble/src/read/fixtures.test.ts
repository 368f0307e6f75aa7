// Compares databases that Pebble wrote with the entries that Pebble lists.
import { describe, expect, it } from 'vitest';
import {
  FIXTURE_NAMES,
  type FixtureName,
  fixtureEntries,
  fixtureFiles,
} from '../../test/fixtures.js';
import { listDatabase, listEntries } from '../../test/list-entries.js';
import { DIRECTORY, MemoryFiles } from '../../test/memory-files.js';
import { PebbleDatabase } from '../index.js';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const keyOf = (line: string) => line.split(' ')[0] as string;

function open(name: FixtureName): Promise<PebbleDatabase> {
  return PebbleDatabase.open(DIRECTORY, { fileSystem: new MemoryFiles(fixtureFiles(name)) });
}

describe.each(FIXTURE_NAMES)('the database %s', (name) => {
  it('has exactly the entries that Pebble lists', async () => {
    const files = new MemoryFiles(fixtureFiles(name));
    expect(await listDatabase(files)).toEqual(fixtureEntries(name));
    expect(files.openCount).toBe(0);
  });

  it('returns the value of every key, and none for keys beside it', async () => {
    await using database = await open(name);
    const entries = new Map(
      fixtureEntries(name).map((line) => line.split(' ') as [string, string]),
    );
    for (const [key, value] of entries) {
      expect(await database.get(bytes(key))).toEqual(bytes(value));
      expect(await database.get(bytes(`${key}00`))).toBeUndefined();
    }
    expect(entries.size).toBeGreaterThan(50);
  });

  it('has in every range the entries that a filter of all entries keeps', async () => {
    await using database = await open(name);
    const all = fixtureEntries(name);
    const bounds = all.map(keyOf).flatMap((key) => [key, `${key}00`]);
    const step = Math.ceil(bounds.length / 20);
    for (let from = 0; from < bounds.length; from += step) {
      for (let to = from; to < bounds.length; to += step) {
        const [start, end] = [bounds[from] as string, bounds[to] as string];
        const expected = all.filter((line) => keyOf(line) >= start && keyOf(line) < end);
        const range = { start: bytes(start), end: bytes(end) };
        expect(await listEntries(database, range)).toEqual(expected);
      }
    }
  });
});
