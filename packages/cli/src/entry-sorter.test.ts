import { join } from 'node:path';
import type { Entry } from '@sstitch/records';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../test/in-process.js';
import { EntrySorter } from './entry-sorter.js';

/** Entries 0 … n-1 in an order that is not that of their keys. */
function shuffled(count: number): Entry[] {
  return Array.from({ length: count }, (_, at) => {
    const key = Buffer.alloc(4);
    key.writeUInt32BE((at * 7919) % count);
    return { key: new Uint8Array(key), value: new Uint8Array(key).reverse() };
  });
}

async function sorted(sorter: EntrySorter): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of sorter.pages()) {
    for (const [key, value] of page) {
      expect(Buffer.from(value).reverse().equals(key)).toBe(true);
      keys.push(Buffer.from(key).toString('hex'));
    }
  }
  return keys;
}

describe('the sorter of an import', () => {
  it.each([
    ['in memory', Number.POSITIVE_INFINITY, 0],
    ['through tables on disk', 4000, 10],
  ])('gives entries in key order, %s', async (_where, limitBytes, tables) => {
    const sorter = new EntrySorter(join(testFolder(), 'scratch'), limitBytes);
    for (const entry of shuffled(5000)) sorter.add([entry]);
    expect(sorter.count).toBe(5000);
    expect(sorter.spilledTables).toBe(tables);
    const keys = await sorted(sorter);
    expect(keys).toHaveLength(5000);
    expect(keys).toEqual(keys.toSorted());
  });

  it.each([
    ['in memory', Number.POSITIVE_INFINITY],
    ['in two tables', 100],
  ])('refuses a key that comes twice, %s', async (_where, limitBytes) => {
    const sorter = new EntrySorter(join(testFolder(), 'scratch'), limitBytes);
    const entries = shuffled(50);
    sorter.add(entries);
    sorter.add(entries.slice(10, 11));
    await expect(sorted(sorter)).rejects.toMatchObject({ code: 'SSTITCH_IMPORT_INVALID' });
  });
});
