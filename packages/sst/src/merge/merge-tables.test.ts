import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, entriesOf, userKeys } from '../../test/arbitraries.js';
import { bytesOf, internalKey, MemoryFile, remaining, textOf } from '../../test/entries.js';
import { readerOf, tableOf } from '../../test/tables.js';
import { compareBytes } from '../compare-bytes.js';
import { TableBuilder } from '../table/table-builder.js';
import { mergeTables } from './merge-tables.js';

/** Distributes entries over several tables. */
const dealt = fc.tuple(entriesOf(), fc.infiniteStream(fc.nat(4))).map(([entries, choices]) => {
  const tables: Entry[][] = [[], [], [], [], []];
  for (const entry of entries) tables[choices.next().value]?.push(entry);
  return { entries, tables: tables.filter((table) => table.length > 0) };
});

const asText = (entries: readonly Entry[]) =>
  entries.map(({ key, value }) => [textOf(key), textOf(value)]);

const newestValues = (entries: readonly Entry[]) =>
  entries.filter(
    (entry, index) =>
      entry.type === 'value' &&
      (index === 0 ||
        textOf(entries[index - 1]?.userKey ?? entry.userKey) !== textOf(entry.userKey)),
  );

describe('mergeTables', () => {
  it('returns the entries of all tables in order', () => {
    fc.assert(
      fc.property(dealt, ({ entries, tables }) => {
        const readers = tables.map((table) => readerOf(tableOf(table).bytes));
        expect(remaining(mergeTables(readers))).toEqual(asText(entries));
      }),
    );
  });

  it('returns only the newest version of each user key, and no deletions, with dropShadowed', () => {
    fc.assert(
      fc.property(dealt, ({ entries, tables }) => {
        const readers = tables.map((table) => readerOf(tableOf(table).bytes));
        const merged = mergeTables(readers, { dropShadowed: true });
        expect(remaining(merged)).toEqual(asText(newestValues(entries)));
      }),
    );
  });

  it('seeks to a user key, forwards or backwards', () => {
    fc.assert(
      fc.property(dealt, fc.array(userKeys), fc.boolean(), ({ entries, tables }, keys, drop) => {
        const merged = mergeTables(
          tables.map((table) => readerOf(tableOf(table).bytes)),
          { dropShadowed: drop },
        );
        const model = drop ? newestValues(entries) : entries;
        for (const key of keys) {
          merged.seekUserKey(key);
          const expected = model.filter(({ userKey }) => compareBytes(userKey, key) >= 0);
          expect(remaining(merged)).toEqual(asText(expected));
        }
      }),
    );
  });

  it('feeds a builder without a copy of each entry', () => {
    fc.assert(
      fc.property(dealt, ({ entries, tables }) => {
        const file = new MemoryFile();
        const builder = new TableBuilder(file);
        const merged = mergeTables(tables.map((table) => readerOf(tableOf(table).bytes)));
        for (; merged.valid; merged.next()) builder.addFrom(merged);
        builder.finish();
        const iterator = readerOf(file.bytes).iterator();
        iterator.seekToFirst();
        expect(remaining(iterator)).toEqual(asText(entries));
      }),
      { numRuns: 30 },
    );
  });

  it('returns an entry of two tables twice, that of the earlier table first', () => {
    const bytes = tableOf([ENTRY, LATER]).bytes;
    const other = tableOf([{ ...ENTRY, value: Uint8Array.of(2) }]).bytes;
    const values = (tables: Uint8Array[]) =>
      remaining(mergeTables(tables.map((table) => readerOf(table)))).map(([, value]) => value);
    expect(values([bytes, other, bytes])).toEqual(['\x01', '\x02', '\x01', '\x03', '\x03']);
    expect(values([other, bytes])).toEqual(['\x02', '\x01', '\x03']);
  });

  it.each([false, true])('is not valid after an error: dropShadowed %s', (dropShadowed) => {
    const entries = Array.from({ length: 200 }, (_, index) => entry(`${1000 + index}`, 1));
    const damaged = tableOf(entries, { compression: 'none' }).bytes.slice();
    const second = readerOf(damaged).blockHandles()[1]?.offset ?? 0;
    damaged[second + 5] = (damaged[second + 5] ?? 0) ^ 1;
    const tables = [damaged, tableOf([entry('z', 3)]).bytes];
    const merged = mergeTables(
      tables.map((table) => readerOf(table)),
      { dropShadowed },
    );
    expect(() => remaining(merged)).toThrow(/checksum/);
    expect(merged.valid).toBe(false);
    // The rest of the damaged table is not skipped.
    merged.next();
    expect(merged.valid).toBe(false);
  });

  it('is at its end without tables', () => {
    expect(mergeTables([]).valid).toBe(false);
  });
});

const entry = (text: string, value: number): Entry => ({
  key: internalKey(text, 1, 'value'),
  userKey: bytesOf(text),
  sequence: 1,
  type: 'value',
  value: Uint8Array.of(value),
});
const ENTRY = entry('a', 1);
const LATER = entry('b', 3);
