import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, entriesOf, userKeys } from '../../test/arbitraries.js';
import { MemoryFile, pseudoRandomBytes, remaining, textOf } from '../../test/entries.js';
import { tableOf } from '../../test/tables.js';
import { compareBytes } from '../compare-bytes.js';
import { makeInternalKey } from '../encoding/internal-key.js';
import type { FileSystem } from '../files/file-system.js';
import { TableBuilder } from '../table/table-builder.js';
import { mergeRuns } from './merge-tables.js';
import { RunIterator, type RunTable } from './run-iterator.js';

/** Tables in memory, which counts the open ones. */
class TableShelf {
  readonly #files = new Map<string, Uint8Array>();
  readonly #open: MemoryFile[] = [];

  readonly fileSystem = {
    open: (path: string) => {
      const file = new MemoryFile(this.#files.get(path));
      this.#open.push(file);
      return file;
    },
  } as unknown as FileSystem;

  /** Makes a run of tables with about this many entries each. No two tables share a user key. */
  addRun(entries: readonly Entry[], perTable: number): RunTable[] {
    const tables: Entry[][] = [];
    for (const entry of entries) {
      const table = tables.at(-1);
      const before = table?.at(-1);
      const isSame = before !== undefined && compareBytes(before.userKey, entry.userKey) === 0;
      if (table === undefined || (table.length >= perTable && !isSame)) tables.push([entry]);
      else table.push(entry);
    }
    return tables.map((table) => {
      const { bytes } = tableOf(table);
      const path = `table-${this.#files.size}`;
      // Like the file of a virtual table, the file is longer than the table.
      this.#files.set(path, Uint8Array.from([...bytes, 1, 2, 3]));
      return { path, sizeBytes: bytes.length };
    });
  }

  /** Changes a byte of a table. */
  damage(path: string, offset: number): void {
    const bytes = this.#files.get(path) ?? new Uint8Array(0);
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  }

  get openCount(): number {
    return this.#open.filter(({ closed }) => !closed).length;
  }
}

/** Distributes a database's entries over runs, as if each run had been written after the previous one. */
const inRuns = fc
  .record({ entries: entriesOf(), runs: fc.integer({ min: 1, max: 4 }), perTable: fc.nat(20) })
  .map(({ entries, runs, perTable }) => {
    const dealt = Array.from({ length: runs }, (): Entry[] => []);
    for (const entry of entries) {
      dealt[Math.floor((entry.sequence * runs) / 400) % runs]?.push(entry);
    }
    return { entries, dealt, perTable: perTable + 1 };
  });

const asText = (entries: readonly Entry[]) =>
  entries.map(({ key, value }) => [textOf(key), textOf(value)]);

/** Returns the newest values, all with one sequence. */
function rewritten(entries: readonly Entry[], sequence: number): [string, string][] {
  const seen = new Set<string>();
  const kept: [string, string][] = [];
  for (const { userKey, type, value } of entries) {
    if (seen.has(textOf(userKey))) continue;
    seen.add(textOf(userKey));
    if (type === 'deletion') continue;
    kept.push([textOf(makeInternalKey(userKey, sequence, 'value')), textOf(value)]);
  }
  return kept;
}

describe('RunIterator', () => {
  it('returns the entries of all its tables, with one table open at a time', () => {
    fc.assert(
      fc.property(entriesOf(), fc.integer({ min: 1, max: 20 }), (entries, perTable) => {
        const shelf = new TableShelf();
        const run = new RunIterator(shelf.fileSystem, shelf.addRun(entries, perTable));
        expect(run.valid).toBe(false);
        for (let round = 0; round < 2; round += 1) {
          run.seekToFirst();
          expect(shelf.openCount).toBe(1);
          expect(remaining(run)).toEqual(asText(entries));
          expect(shelf.openCount).toBe(0);
        }
      }),
    );
  });

  it('seeks to a user key in any of its tables', () => {
    fc.assert(
      fc.property(inRuns, fc.array(userKeys), ({ entries, perTable }, keys) => {
        const shelf = new TableShelf();
        const run = new RunIterator(shelf.fileSystem, shelf.addRun(entries, perTable));
        for (const key of keys) {
          run.seekUserKey(key);
          const expected = entries.filter(({ userKey }) => compareBytes(userKey, key) >= 0);
          expect(remaining(run)).toEqual(asText(expected));
        }
        run.seekToFirst();
        run.close();
        expect(shelf.openCount).toBe(0);
        expect(run.valid).toBe(false);
      }),
    );
  });
});

describe('RunIterator of a damaged table', () => {
  it('stays at no entry after the error, and does not go on to the next table', () => {
    const shelf = new TableShelf();
    const entries = Array.from({ length: 100 }, (_, index): Entry => {
      const userKey = Uint8Array.of(index);
      const key = makeInternalKey(userKey, 1, 'value');
      return { key, userKey, sequence: 1, type: 'value', value: pseudoRandomBytes(index, 300) };
    });
    const tables = shelf.addRun(entries, 50);
    shelf.damage(tables[0]?.path ?? '', 2000);
    const run = new RunIterator(shelf.fileSystem, tables);
    run.seekToFirst();
    expect(() => remaining(run)).toThrow(/checksum/);
    run.next();
    expect(run.valid).toBe(false);
    run.close();
    expect(shelf.openCount).toBe(0);
  });
});

describe('mergeRuns', () => {
  it('returns each user key once, with one sequence, and no deletions, with dropShadowed', () => {
    fc.assert(
      fc.property(inRuns, fc.array(userKeys), ({ entries, dealt, perTable }, keys) => {
        const shelf = new TableShelf();
        const runs = dealt.map(
          (run) => new RunIterator(shelf.fileSystem, shelf.addRun(run, perTable)),
        );
        const merged = mergeRuns(runs, { dropShadowed: true, sequence: 7 });
        for (const key of [new Uint8Array(0), ...keys]) {
          merged.seekUserKey(key);
          const expected = entries.filter(({ userKey }) => compareBytes(userKey, key) >= 0);
          expect(remaining(merged)).toEqual(rewritten(expected, 7));
        }
      }),
    );
  });

  it('reports the bytes that keys share, with which a builder writes the same table', () => {
    fc.assert(
      fc.property(inRuns, ({ dealt, perTable }) => {
        const build = (withSharedBytes: boolean) => {
          const shelf = new TableShelf();
          const runs = dealt.map(
            (run) => new RunIterator(shelf.fileSystem, shelf.addRun(run, perTable)),
          );
          const merged = mergeRuns(runs, { dropShadowed: true, sequence: 1 });
          const file = new MemoryFile();
          const builder = new TableBuilder(file, { blockSizeBytes: 1024 });
          for (merged.seekToFirst(); merged.valid; merged.next()) {
            builder.addFrom(merged, withSharedBytes ? merged.sharedBytes : 0);
          }
          if (builder.entries > 0) builder.finish();
          return textOf(file.bytes);
        };
        expect(build(true)).toBe(build(false));
      }),
    );
  });
});
