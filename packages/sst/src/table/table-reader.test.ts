import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, entriesOf, userKeys } from '../../test/arbitraries.js';
import {
  bytesOf,
  fileSystemOf,
  internalKey,
  MemoryFile,
  remaining,
  textOf,
} from '../../test/entries.js';
import { readerOf, tableOf } from '../../test/tables.js';
import { compareInternalKeys, makeInternalKey, seekKeyOf } from '../encoding/internal-key.js';
import { nodeFileSystem } from '../files/node-file-system.js';
import type { TableIterator } from './table-iterator.js';
import { TableReader } from './table-reader.js';

const compressions = fc.constantFrom('snappy' as const, 'none' as const);
const intervals = fc.constantFrom(1, 3, 16);

/** Returns the iterator's position as an index into the model, or undefined if it is not at an entry. */
function placeOf(iterator: TableIterator, entries: readonly Entry[]): number | undefined {
  if (!iterator.valid) return undefined;
  const key = textOf(iterator.key);
  const index = entries.findIndex((entry) => textOf(entry.key) === key);
  expect(textOf(iterator.value)).toBe(textOf(entries[index]?.value ?? bytesOf('no such key')));
  return index;
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ does: fc.constant('next' as const) }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('prev' as const) }) },
    fc.record({ does: fc.constant('first' as const) }),
    fc.record({ does: fc.constant('last' as const) }),
    fc.record({ does: fc.constant('seekUserKey' as const), userKey: userKeys }),
    fc.record({ does: fc.constant('seek' as const), userKey: userKeys, sequence: fc.nat(400) }),
  ),
  { maxLength: 60 },
);

describe('TableReader', () => {
  it('iterates like a sorted array, in any sequence of moves', () => {
    fc.assert(
      fc.property(
        entriesOf(60),
        compressions,
        intervals,
        steps,
        (entries, compression, restartInterval, moves) => {
          const { bytes } = tableOf(entries, { compression, restartInterval });
          const iterator = readerOf(bytes).iterator();
          let place: number | undefined;
          const firstFrom = (key: Uint8Array) => {
            const found = entries.findIndex((entry) => compareInternalKeys(entry.key, key) >= 0);
            return found < 0 ? undefined : found;
          };
          const moved = (by: number) => {
            if (place === undefined) return undefined;
            return entries[place + by] === undefined ? undefined : place + by;
          };
          for (const move of moves) {
            if (move.does === 'next') {
              iterator.next();
              place = moved(1);
            } else if (move.does === 'prev') {
              iterator.prev();
              place = moved(-1);
            } else if (move.does === 'first') {
              iterator.seekToFirst();
              place = 0;
            } else if (move.does === 'last') {
              iterator.seekToLast();
              place = entries.length - 1;
            } else if (move.does === 'seekUserKey') {
              iterator.seekUserKey(move.userKey);
              place = firstFrom(seekKeyOf(move.userKey));
            } else {
              const key = makeInternalKey(move.userKey, move.sequence, 'value');
              iterator.seek(key);
              place = firstFrom(key);
            }
            expect(placeOf(iterator, entries)).toBe(place);
          }
        },
      ),
    );
  });

  it('gets the newest version of each of its keys, and nothing for others', () => {
    fc.assert(
      fc.property(entriesOf(), compressions, fc.array(userKeys), (entries, compression, others) => {
        const reader = readerOf(tableOf(entries, { compression }).bytes);
        for (const userKey of [...entries.map((entry) => entry.userKey), ...others]) {
          const newest = entries.find((entry) => textOf(entry.userKey) === textOf(userKey));
          const expected =
            newest === undefined
              ? undefined
              : { type: newest.type, value: newest.value, sequence: newest.sequence };
          expect(reader.get(userKey)).toEqual(expected);
        }
      }),
    );
  });

  it('reports its bounds, and the handles of its blocks in order', () => {
    fc.assert(
      fc.property(entriesOf(), (entries) => {
        const reader = readerOf(tableOf(entries).bytes);
        expect(reader.smallest()).toEqual(entries[0]?.key);
        expect(reader.largest()).toEqual(entries.at(-1)?.key);
        let end = 0;
        for (const { offset, size } of reader.blockHandles()) {
          expect(offset).toBe(end);
          end = offset + size + 5;
        }
      }),
    );
  });

  it('returns keys and values that do not change when the iterator moves', () => {
    const reader = readerOf(
      tableOf(
        Array.from({ length: 500 }, (_, index): Entry => {
          const key = internalKey(`key ${1000 + index}`, 1, 'value');
          const userKey = bytesOf(`key ${1000 + index}`);
          return { key, userKey, sequence: 1, type: 'value', value: bytesOf(`value ${index}`) };
        }),
        { compression: 'none' },
      ).bytes,
    );
    const iterator = reader.iterator();
    const seen: [Uint8Array, Uint8Array][] = [];
    for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
      seen.push([iterator.key, iterator.value]);
    }
    expect(seen.map(([, value]) => textOf(value))).toEqual(
      Array.from({ length: 500 }, (_, index) => `value ${index}`),
    );
    expect(textOf(seen[77]?.[0].subarray(0, 8) ?? bytesOf(''))).toBe('key 1077');
    expect(Buffer.isBuffer(seen[0]?.[1])).toBe(false);
  });

  it('refuses a file that ends before its table does, and closes it', () => {
    const file = new MemoryFile(tableOf(ONE_ENTRY).bytes);
    const open = () => TableReader.open(fileSystemOf(file), 'a.ldb', { sizeBytes: 7_000_000 });
    expect(open).toThrow(/has \d+ bytes, not 7000000 \(a\.ldb\)/);
    expect(file.closed).toBe(true);
  });

  it('throws the error of a bad table, even if its file cannot be closed', () => {
    const file = new MemoryFile(bytesOf('no table'));
    file.close = () => {
      throw Object.assign(new Error('i/o error'), { code: 'EIO' });
    };
    expect(() => TableReader.open(fileSystemOf(file), 'a.ldb')).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_CORRUPT', path: 'a.ldb' }),
    );
  });

  it('throws an error whose cause has the code if a file cannot be opened', () => {
    expect(() => TableReader.open(nodeFileSystem, 'no-such-file.ldb')).toThrow(
      expect.objectContaining({
        code: 'SSTITCH_TABLE_IO',
        path: 'no-such-file.ldb',
        cause: expect.objectContaining({ code: 'ENOENT' }),
      }),
    );
  });

  it('fails once it is closed, and does not read another file that has its descriptor', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sst-'));
    const path = (name: string) => join(directory, name);
    for (const name of ['a', 'b']) {
      const entries = Array.from({ length: 300 }, (_, index): Entry => {
        const userKey = bytesOf(`key ${1000 + index}`);
        const value = bytesOf(name.repeat(100));
        return {
          key: makeInternalKey(userKey, 1, 'value'),
          userKey,
          sequence: 1,
          type: 'value',
          value,
        };
      });
      writeFileSync(path(name), tableOf(entries, { compression: 'none' }).bytes);
    }
    const reader = TableReader.open(nodeFileSystem, path('a'));
    const iterator = reader.iterator();
    iterator.seekToFirst();
    expect(reader.get(bytesOf('key 1000'))?.sequence).toBe(1);
    const { handle } = reader.parts.file;
    reader.close();
    const other = TableReader.open(nodeFileSystem, path('b'));
    try {
      const closed = expect.objectContaining({
        code: 'SSTITCH_TABLE_IO',
        cause: expect.objectContaining({ code: 'EBADF', path: path('a') }),
      });
      expect(() => remaining(iterator)).toThrow(closed);
      // The block of the last get is still in memory.
      expect(reader.get(bytesOf('key 1000'))?.sequence).toBe(1);
      expect(() => reader.get(bytesOf('key 1299'))).toThrow(closed);
      expect(() => handle.close()).toThrow(/closed/);
      expect(textOf(other.get(bytesOf('key 1000'))?.value ?? bytesOf(''))).toBe('b'.repeat(100));
    } finally {
      other.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('is at no entry after an error, in a block or in an index that was not checked', () => {
    const entries = ['a', 'b', 'c'].map((text): Entry => {
      const value = new Uint8Array(1100);
      const key = internalKey(text, 1, 'value');
      return { key, userKey: bytesOf(text), sequence: 1, type: 'value', value };
    });
    const bytes = tableOf(entries, { compression: 'none' }).bytes.slice();
    const iterator = readerOf(bytes, { verifyChecksums: false, validate: 'lazy' }).iterator();
    iterator.seekToFirst();
    // The first key shares a byte with none.
    bytes[0] = 1;
    iterator.seek(internalKey('c', 1, 'value'));
    expect(iterator.valid).toBe(true);
    expect(() => iterator.seekToFirst()).toThrow(/impossible lengths/);
    expect(iterator.valid).toBe(false);

    const sound = tableOf(entries, { compression: 'none' }).bytes.slice();
    const { offset } = readerOf(sound).parts.footer.index;
    // The key of the first index entry is longer than the index.
    sound[offset + 1] = 0x7f;
    const options = { verifyChecksums: false, validate: 'lazy' } as const;
    const other = readerOf(sound, options).iterator();
    other.seekToLast();
    expect(other.valid).toBe(true);
    expect(() => other.seekUserKey(bytesOf('a'))).toThrow(/of the index is truncated/);
    expect(other.valid).toBe(false);
  });

  it('throws if a block of an open table has changed on disk', () => {
    const { bytes } = tableOf(ONE_ENTRY);
    const reader = readerOf(bytes);
    bytes[2] = (bytes[2] ?? 0) ^ 1;
    expect(() => reader.smallest()).toThrow(/checksum.*table at byte 0/);
  });
});

const ONE_ENTRY: Entry[] = [
  {
    key: internalKey('key', 1, 'value'),
    userKey: bytesOf('key'),
    sequence: 1,
    type: 'value',
    value: bytesOf('value'),
  },
];
