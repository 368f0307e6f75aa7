import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../test/arbitraries.js';
import { type Draft, draftTable, rawBlock } from '../../test/draft-table.js';
import {
  bytesOf,
  fileSystemOf,
  internalKey,
  MemoryFile,
  pseudoRandomBytes,
} from '../../test/entries.js';
import { partOf, readerOf, tableOf } from '../../test/tables.js';
import { BlockBuilder } from '../block/block-builder.js';
import { maskedChecksum, writeFixed32 } from '../encoding/checksum.js';
import { BLOCK_TYPE_RAW, BLOCK_TYPE_SNAPPY } from '../encoding/table-format.js';
import { writeVarint } from '../encoding/varint.js';
import { SstError } from '../errors.js';
import { mergeTables } from '../merge/merge-tables.js';
import { sharePart } from '../split/share-part.js';
import { TableReader } from '../table/table-reader.js';
import { TableWriter } from '../table/table-writer.js';
import { checkTableStructure, verifyTable } from './verify-table.js';

const entries: Entry[] = Array.from({ length: 60 }, (_, index): Entry => {
  const text = `key ${String(index >>> 1).padStart(4, '0')}`;
  const sequence = 1000 - index;
  const type = index % 5 === 0 ? 'deletion' : 'value';
  const value = type === 'deletion' ? bytesOf('') : pseudoRandomBytes(index, index % 2 ? 30 : 3);
  return { key: internalKey(text, sequence, type), userKey: bytesOf(text), sequence, type, value };
});

const raw = tableOf(entries, { compression: 'none' }).bytes;
const snappy = tableOf(entries, { compression: 'snappy' }).bytes;
const sealed = tableOf(entries, { seal: true }).bytes;
const padded =
  partOf(raw, [
    { start: bytesOf('key 0001'), end: bytesOf('key 0005') },
    { start: bytesOf('key 0020'), end: bytesOf('key 0029') },
  ])?.bytes ?? raw;
const tables = [
  { name: 'an uncompressed table', bytes: raw },
  { name: 'a compressed table', bytes: snappy },
  { name: 'a sealed table', bytes: sealed },
  { name: 'a part with padding', bytes: padded },
];

const verify = (bytes: Uint8Array) => verifyTable(fileSystemOf(bytes), 'damaged');

/** Runs `run`. Anything thrown must be an SstError with the path. */
function onlySstErrors(run: () => void): SstError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof SstError)) throw error;
    expect(['SSTITCH_TABLE_CORRUPT', 'SSTITCH_TABLE_UNSUPPORTED']).toContain(error.code);
    expect(error.path).toBe('damaged');
    return error;
  }
}

/** Uses a table in every way, with wrong contents that checksums do not catch. */
function useTable(bytes: Uint8Array): void {
  const open = () => TableReader.open(fileSystemOf(bytes), 'damaged', { verifyChecksums: false });
  onlySstErrors(() => {
    const merged = mergeTables([open(), open()], { dropShadowed: true });
    for (let moves = 0; merged.valid; merged.next(), moves += 1) expect(moves).toBeLessThan(1e5);
  });
  onlySstErrors(() => {
    const iterator = open().iterator();
    iterator.seekToLast();
    for (let moves = 0; iterator.valid; iterator.prev(), moves += 1)
      expect(moves).toBeLessThan(1e5);
  });
  onlySstErrors(() => void open().get(bytesOf('key 0017')));
  onlySstErrors(() => void open().iterator().seekUserKey(bytesOf('key 0017')));
  for (const keep of [
    [{ start: bytesOf(''), end: undefined }],
    [{ start: bytesOf('key 0005'), end: bytesOf('key 0017') }],
  ]) {
    onlySstErrors(() => {
      const file = new MemoryFile(bytes);
      const how = { verifyChecksums: false, validate: 'lazy' } as const;
      sharePart(TableReader.open(fileSystemOf(file), 'damaged', how), keep, file);
    });
  }
}

describe('verifyTable', () => {
  it.each(tables)('finds each single changed byte of $name', ({ bytes }) => {
    const sound = verify(bytes);
    expect(sound.sizeBytes).toBe(bytes.length);
    const missed: number[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        if (onlySstErrors(() => verify(damaged)) === undefined) missed.push(at);
      }
    }
    expect(missed).toEqual([]);
  });

  it.each(tables)('refuses $name truncated at any length, or with one more byte', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length += 1) {
      const error = onlySstErrors(() => verify(bytes.subarray(0, length)));
      expect(error, `length ${length}`).toBeDefined();
    }
    expect(onlySstErrors(() => verify(Uint8Array.from([...bytes, 0])))).toBeDefined();
    expect(onlySstErrors(() => verify(Uint8Array.from([0, ...bytes])))).toBeDefined();
  });

  it.each(tables)(
    'throws nothing but SstErrors for damage in $name with right checksums',
    ({ bytes }) => {
      const { parts } = readerOf(bytes);
      const handles = [
        ...readerOf(bytes).blockHandles(),
        ...(parts.filter === undefined ? [] : [parts.filter.handle]),
        parts.footer.metaindex,
        parts.footer.index,
      ];
      for (const { offset, size } of handles) {
        for (let at = offset; at <= offset + size; at += 1) {
          for (const mask of [0x80, at % 2 === 0 ? 0x01 : 0xff]) {
            const damaged = bytes.slice();
            damaged[at] = (damaged[at] ?? 0) ^ mask;
            const checked = damaged.subarray(offset, offset + size + 1);
            writeFixed32(damaged, offset + size + 1, maskedChecksum(checked));
            onlySstErrors(() => verify(damaged));
            onlySstErrors(() => checkTableStructure(fileSystemOf(damaged), 'damaged'));
            useTable(damaged);
          }
        }
      }
    },
  );
});

const key = (text: string, sequence: number) => internalKey(text, sequence, 'value');

describe('verifyTable, given a table with right checksums, refuses', () => {
  it.each<[string, Draft, RegExp]>([
    [
      'keys out of order in a block',
      { blocks: [{ keys: [key('b', 1), key('a', 1)], index: key('c', 1) }] },
      /does not follow/,
    ],
    [
      'an older version before a newer one',
      { blocks: [{ keys: [key('b', 1), key('b', 2)], index: key('c', 1) }] },
      /does not follow/,
    ],
    [
      'one sequence twice for a user key',
      {
        blocks: [{ keys: [key('b', 1), internalKey('b', 1, 'deletion')], index: key('c', 1) }],
      },
      /does not follow/,
    ],
    [
      'a key after its index key',
      { blocks: [{ keys: [key('b', 1), key('d', 1)], index: key('c', 1) }] },
      /is after its index key/,
    ],
    [
      'a key at or before the index key of the previous block',
      {
        blocks: [
          { keys: [key('a', 1)], index: key('c', 1) },
          { keys: [key('b', 1)], index: key('d', 1) },
        ],
      },
      /is not after the index key/,
    ],
    [
      'an index key that would make get miss a version',
      {
        blocks: [
          { keys: [key('a', 9)], index: key('b', 7) },
          { keys: [key('b', 5)], index: key('c', 1) },
        ],
      },
      /get could miss it/,
    ],
    [
      'a type that is neither value nor deletion',
      { blocks: [{ keys: [bytesOf('b\x02\x01\0\0\0\0\0\0')], index: key('c', 1) }] },
      /type 2/,
    ],
    [
      'a key without a complete trailer',
      { blocks: [{ keys: [bytesOf('1234567')], index: key('c', 1) }] },
      /impossible lengths/,
    ],
    [
      'a restart point inside an entry',
      { blocks: [{ keys: [key('a', 1), key('b', 1)], index: key('c', 1) }], restarts: [0, 3] },
      /restart point 1 is not the start of an entry/,
    ],
    [
      'restart points that do not ascend',
      { blocks: [{ keys: [key('a', 1), key('b', 1)], index: key('c', 1) }], restarts: [0, 0] },
      /restart point 1 is not the start of an entry/,
    ],
    [
      'an entry before the first restart point',
      { blocks: [{ keys: [key('a', 1), key('b', 1)], index: key('c', 1) }], restarts: [13] },
      /first restart point is not the start of the block, but 13/,
    ],
    [
      'an index that names a block twice',
      {
        blocks: [
          { keys: [key('a', 1)], index: key('b', 1) },
          { keys: [key('a', 1)], index: key('c', 1) },
        ],
        overlap: true,
      },
      /data block 1 .* overlaps/,
    ],
    [
      'a filter that misses a key',
      { blocks: [{ keys: [key('a', 1), key('b', 1)], index: key('c', 1) }], filteredKeys: ['a'] },
      /filter does not match 0x62/,
    ],
    [
      'a block without a filter',
      { blocks: [{ keys: [key('a', 1)], index: key('c', 1) }], filteredKeys: [] },
      /has no filter/,
    ],
    [
      'a stray byte between blocks',
      { blocks: [{ keys: [key('a', 1)], index: key('c', 1) }], gapByte: 1 },
      /between two blocks/,
    ],
  ])('%s', (_name, draft, message) => {
    const run = () => verifyTable(fileSystemOf(draftTable(draft)), 'bad.ldb');
    expect(run).toThrow(message);
    expect(run).toThrow(/bad\.ldb at byte \d+/);
  });

  it('nothing in the same draft without a fault', () => {
    const draft = {
      blocks: [
        { keys: [key('a', 9), key('b', 7)], index: key('b', 7) },
        { keys: [key('b', 5)], index: key('c', 1) },
      ],
      filteredKeys: ['a', 'b'],
      gapByte: 0,
    };
    expect(verifyTable(fileSystemOf(draftTable(draft)), 'good.ldb').entries).toBe(3);
  });

  it('an entry at a restart point that shares bytes with the previous key', () => {
    const file = new MemoryFile();
    const writer = new TableWriter(file, 'none', undefined);
    const block = new BlockBuilder(16);
    for (const text of ['aa', 'ab']) {
      const internal = key(text, 1);
      const shared = block.sharedWithLast(internal, internal.length);
      block.append(internal, internal.length, shared, internal, 0, 0);
    }
    const sound = block.finish();
    // The block has one restart point. Make the second entry, at 13, another one.
    const tail = Uint8Array.of(0, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 0);
    writer.writeRawBlock(
      Uint8Array.from([...sound.subarray(0, sound.length - 8), ...tail]),
      BLOCK_TYPE_RAW,
    );
    const index = key('c', 1);
    writer.addIndexEntry(index, index.length, writer.blockOffset, writer.blockSize);
    writer.finish({});
    expect(() => verify(file.bytes)).toThrow(/entry at restart point 1 shares bytes/);
  });

  it('a compressed block that claims an impossible length, before memory is allocated for it', () => {
    const block = rawBlock([key('a', 1)]);
    const claims = (claimed: number) => {
      const file = new MemoryFile();
      const writer = new TableWriter(file, 'none', undefined);
      const body = compressSync(block);
      const length = new Uint8Array(5);
      const contents = [
        ...length.subarray(0, writeVarint(length, 0, claimed)),
        ...body.subarray(1),
      ];
      writer.writeRawBlock(Uint8Array.from(contents), BLOCK_TYPE_SNAPPY);
      const index = key('c', 1);
      writer.addIndexEntry(index, index.length, writer.blockOffset, writer.blockSize);
      writer.finish({});
      const before = process.memoryUsage();
      const error = onlySstErrors(() => verify(file.bytes));
      const after = process.memoryUsage();
      expect(
        after.arrayBuffers + after.external - before.arrayBuffers - before.external,
      ).toBeLessThan(64 * 2 ** 20);
      return error?.message;
    };
    expect(claims(block.length)).toBeUndefined();
    expect(claims(2 ** 32 - 1)).toMatch(/impossible length \(4294967295\)/);
    expect(claims(2 ** 30)).toMatch(/impossible length/);
    expect(claims(block.length - 1)).toMatch(/cannot be decompressed/);
  });
});

describe('checkTableStructure', () => {
  const bounds = verify(raw);

  it('accepts bounds that contain the table, exact or wider', () => {
    const check = (smallest: Uint8Array, largest: Uint8Array) =>
      checkTableStructure(fileSystemOf(raw), 'table', {
        sizeBytes: raw.length,
        smallest,
        largest,
      });
    expect(check(bounds.smallest, bounds.largest)).toEqual({
      sizeBytes: raw.length,
      smallest: bounds.smallest,
      largest: bounds.largest,
    });
    check(key('', 9), key('z', 0));
  });

  it.each([
    ['a start that is too late', { smallest: key('key 0000', 999) }, /starts at .* before/],
    ['an end that is too early', { largest: key('key 0029', 942) }, /ends at .* after/],
    ['another size', { sizeBytes: raw.length + 1 }, /bytes, not/],
    ['a bound that is not an internal key', { largest: bytesOf('z') }, /not an internal key/],
  ])('refuses %s', (_name, recorded, message) => {
    expect(() => checkTableStructure(fileSystemOf(raw), 'table', recorded)).toThrow(message);
    expect(() => verifyTable(fileSystemOf(raw), 'table', recorded)).toThrow(message);
  });

  it('reads the first and the last block of a table, but no others', () => {
    const large = tableOf(
      Array.from({ length: 20_000 }, (_, index): Entry => {
        const text = `key ${String(index).padStart(8, '0')}`;
        const value = pseudoRandomBytes(index, 50);
        return { key: key(text, 1), userKey: bytesOf(text), sequence: 1, type: 'value', value };
      }),
    ).bytes;
    const file = new MemoryFile(large);
    checkTableStructure(fileSystemOf(file), 'table');
    expect(file.reads).toBeLessThan(10);
  });
});
