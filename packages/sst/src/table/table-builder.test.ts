import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../test/arbitraries.js';
import {
  bytesOf,
  fileSystemOf,
  internalKey,
  MemoryFile,
  pseudoRandomBytes,
  remaining,
  textOf,
} from '../../test/entries.js';
import { readerOf, tableOf } from '../../test/tables.js';
import { MAX_SEQUENCE, makeInternalKey } from '../encoding/internal-key.js';
import { verifyTable } from '../verify/verify-table.js';
import { TableBuilder } from './table-builder.js';
import type { TableOptions } from './table-options.js';

const NOTHING = new Uint8Array(0);

describe('TableBuilder', () => {
  it('makes tables that verify and return every entry, for any entries and options', () => {
    const options: fc.Arbitrary<TableOptions> = fc.record({
      blockSizeBytes: fc.constantFrom(1024, 4096),
      restartInterval: fc.constantFrom(1, 2, 16, 1024),
      compression: fc.constantFrom('snappy' as const, 'none' as const),
      bloomBitsPerKey: fc.constantFrom(0 as const, 10 as const),
    });
    fc.assert(
      fc.property(entriesOf(), options, (entries, chosen) => {
        const { bytes, properties } = tableOf(entries, chosen);
        expect(verifyTable(fileSystemOf(bytes), 'table')).toEqual(properties);
        expect(properties).toMatchObject({
          sizeBytes: bytes.length,
          entries: entries.length,
          deletions: entries.filter(({ type }) => type === 'deletion').length,
          smallest: entries[0]?.key,
          largest: entries.at(-1)?.key,
          smallestSequence: Math.min(...entries.map(({ sequence }) => sequence)),
          largestSequence: Math.max(...entries.map(({ sequence }) => sequence)),
        });
        const iterator = readerOf(bytes).iterator();
        iterator.seekToFirst();
        expect(remaining(iterator)).toEqual(
          entries.map(({ key, value }) => [textOf(key), textOf(value)]),
        );
      }),
    );
  });

  it.each([
    ['the same key', internalKey('b', 5, 'value')],
    ['a smaller user key', internalKey('a', 1, 'value')],
    ['a newer version after an older one', internalKey('b', 6, 'value')],
    ['a prefix of the key', internalKey('', 5, 'value')],
    ['the same sequence as a deletion', internalKey('b', 5, 'deletion')],
  ])('refuses %s, and continues as if it had not been added', (_name, key) => {
    const file = new MemoryFile();
    const builder = new TableBuilder(file, { path: 'some.ldb' });
    builder.add(internalKey('b', 5, 'value'), bytesOf('one'));
    expect(() => builder.add(key, NOTHING)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_ORDER' }),
    );
    builder.add(internalKey('b', 4, 'deletion'), NOTHING);
    builder.add(internalKey('ba', 9, 'value'), bytesOf('two'));
    expect(builder.finish().entries).toBe(3);
    expect(verifyTable(fileSystemOf(file.bytes), 'table').entries).toBe(3);
  });

  it.each([
    ['shorter than a trailer', bytesOf('1234567')],
    ['of an unknown type', bytesOf('key\x02\x01\0\0\0\0\0\0')],
    ['with a sequence that a number cannot hold', makeInternalKey(NOTHING, MAX_SEQUENCE, 'value')],
  ])('refuses a key %s', (_name, key) => {
    const builder = new TableBuilder(new MemoryFile());
    expect(() => builder.add(key, NOTHING)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_UNSUPPORTED' }),
    );
  });

  it.each([
    { blockSizeBytes: 0 },
    { blockSizeBytes: Number.NaN },
    { restartInterval: 0 },
    { restartInterval: 1.5 },
    { compression: 'zstd' as 'snappy' },
    { bloomBitsPerKey: 7 as 10 },
  ])('refuses the options %o', (options) => {
    expect(() => new TableBuilder(new MemoryFile(), options)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_OPTIONS' }),
    );
  });

  it('refuses to finish without an entry', () => {
    expect(() => new TableBuilder(new MemoryFile()).finish()).toThrow(/at least one entry/);
  });

  it('keeps a block raw unless snappy saves an eighth of it', () => {
    const typeOfFirstBlock = (value: Uint8Array) => {
      const file = new MemoryFile();
      const builder = new TableBuilder(file);
      builder.add(internalKey('key', 1, 'value'), value);
      builder.finish();
      const [handle] = readerOf(file.bytes).blockHandles();
      return file.bytes[(handle?.offset ?? 0) + (handle?.size ?? 0)];
    };
    expect(typeOfFirstBlock(new Uint8Array(5000))).toBe(1);
    expect(typeOfFirstBlock(pseudoRandomBytes(1, 5000))).toBe(0);
    expect(typeOfFirstBlock(pseudoRandomBytes(1, 5000).fill(0, 0, 300))).toBe(0);
    expect(typeOfFirstBlock(pseudoRandomBytes(1, 5000).fill(0, 0, 1000))).toBe(1);
  });

  it('writes in few large chunks, and reports the size of the file', () => {
    const file = new MemoryFile();
    const builder = new TableBuilder(file);
    expect(builder.sizeBytes).toBe(0);
    for (let index = 0; index < 300; index += 1) {
      const before = builder.sizeBytes;
      builder.add(internalKey(`k${1000 + index}`, 1, 'value'), pseudoRandomBytes(index, 10_000));
      expect(builder.sizeBytes - before).toBeGreaterThan(10_000);
    }
    const { sizeBytes } = builder.finish();
    expect(sizeBytes).toBe(file.bytes.length);
    expect(file.writes).toBe(3);
  });

  it('throws an error with path, offset and cause if writing fails', () => {
    const file = new MemoryFile();
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    file.write = () => {
      throw full;
    };
    const builder = new TableBuilder(file, { path: 'full.ldb' });
    builder.add(internalKey('key', 1, 'value'), NOTHING);
    expect(() => builder.finish()).toThrow(
      expect.objectContaining({
        code: 'SSTITCH_TABLE_IO',
        cause: full,
        path: 'full.ldb',
        message: 'could not write a table: no space left (full.ldb at byte 0)',
      }),
    );
  });

  it('writes nothing after a write that failed, as the file can hold a part of it', () => {
    const file = new MemoryFile();
    const write = file.write.bind(file);
    file.write = (bytes) => {
      write(bytes.subarray(0, 1000));
      file.write = write;
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    const builder = new TableBuilder(file, { compression: 'none' });
    let added = 0;
    const add = () =>
      builder.add(internalKey(`${1000 + added++}`, 1, 'value'), new Uint8Array(9000));
    expect(() => {
      while (added < 200) add();
    }).toThrow(/no space left/);
    expect(add).toThrow('a write of this table failed');
    expect(() => builder.finish()).toThrow('a write of this table failed');
    expect(file.bytes.length).toBe(1000);
    builder.abandon();
  });

  it('refuses entries once it is finished or abandoned', () => {
    const builder = new TableBuilder(new MemoryFile());
    builder.abandon();
    builder.abandon();
    expect(() => builder.add(internalKey('key', 1, 'value'), NOTHING)).toThrow(/abandoned/);
  });
});
