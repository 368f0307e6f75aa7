// Tables of other writers: those that LevelDB reads must be read, and the errors for others must name the reason.

import { deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  fileSystemOf,
  internalKey,
  MemoryFile,
  remaining,
  textOf,
} from '../../test/entries.js';
import { type ForeignEntry, foreignTable } from '../../test/foreign-table.js';
import { BlockBuilder } from '../block/block-builder.js';
import { copyPart } from '../split/copy-part.js';
import { sharePart } from '../split/share-part.js';
import { checkTableStructure, verifyTable } from '../verify/verify-table.js';
import { withEachEntryRestarted } from './index-contents.js';
import { TableReader } from './table-reader.js';

const KEYS = 400;
const BLOCK_ENTRIES = 10;

function nameOf(number: number): string {
  return `a key with a long beginning ${String(number).padStart(4, '0')}`;
}

const blocks = Array.from({ length: KEYS / BLOCK_ENTRIES }, (_, block) =>
  Array.from({ length: BLOCK_ENTRIES }, (__, at): ForeignEntry => {
    const number = block * BLOCK_ENTRIES + at;
    return {
      key: internalKey(nameOf(number), KEYS - number, 'value'),
      value: bytesOf(`value ${number}`.repeat(20)),
    };
  }),
);

/** A filter without a set bit, through which LevelDB would find no key. */
const STALE_FILTER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 9, 0, 0, 0, 11);
const ONE_HALF = [{ start: bytesOf(nameOf(105)), end: bytesOf(nameOf(295)) }];

/** Expects that get and iteration find each key of the half. */
function expectHalf(bytes: Uint8Array): void {
  const reader = TableReader.open(fileSystemOf(bytes), 'part');
  const entries = reader.iterator();
  entries.seekToFirst();
  const found = remaining(entries).map(([key]) => key.slice(0, -8));
  expect(found).toEqual(Array.from({ length: 190 }, (_, number) => nameOf(105 + number)));
  for (let number = 105; number < 295; number += 1) {
    expect(reader.get(bytesOf(nameOf(number)))?.sequence).toBe(KEYS - number);
  }
  expect(reader.filter).toBeUndefined();
}

const readable: ReadonlyArray<readonly [string, Uint8Array]> = [
  [
    "a filter of another name, as goleveldb's",
    foreignTable({ blocks, named: [['filter.leveldb.BuiltinBloomFilter', STALE_FILTER]] }),
  ],
  [
    'several blocks of unknown kinds',
    foreignTable({
      blocks,
      named: [
        ['filter.other.Filter', bytesOf('something')],
        ['other.properties', bytesOf('something else')],
      ],
      notes: [['some.note', bytesOf('no handle at all')]],
    }),
  ],
  [
    'an entry with an empty name in its metaindex',
    foreignTable({ blocks, notes: [['', bytesOf('x')]] }),
  ],
  [
    "an empty metaindex without restart points, as iq80's",
    foreignTable({ blocks, metaindex: new Uint8Array(4) }),
  ],
  [
    'a metaindex that has bytes, but no restart points',
    foreignTable({ blocks, metaindex: Uint8Array.of(1, 2, 3, 0, 0, 0, 0) }),
  ],
  ['padding after its handles, as iq80 writes it', foreignTable({ blocks, handleBytes: 20 })],
  ...[2, 16, 1000].map(
    (interval) =>
      [
        `an index with a restart interval of ${interval}`,
        foreignTable({ blocks, indexRestartInterval: interval }),
      ] as const,
  ),
  ...[1, 2, 1000].map(
    (interval) =>
      [
        `data blocks with a restart interval of ${interval}`,
        foreignTable({ blocks, restartInterval: interval }),
      ] as const,
  ),
];

describe.each(readable)('a table with %s', (_, bytes) => {
  it('is sound', () => {
    expect(verifyTable(fileSystemOf(bytes), 'table').entries).toBe(KEYS);
    const { smallest, largest } = checkTableStructure(fileSystemOf(bytes), 'table');
    expect([smallest, largest].map((key) => textOf(key.subarray(0, -8)))).toEqual([
      nameOf(0),
      nameOf(KEYS - 1),
    ]);
  });

  it('can be copied and shared in parts, which have no filter', () => {
    for (const validate of ['full', 'lazy'] as const) {
      const reader = TableReader.open(fileSystemOf(bytes), 'table', { validate });
      const split = new MemoryFile();
      copyPart(reader, ONE_HALF, () => split);
      expectHalf(split.bytes);
      expect(verifyTable(fileSystemOf(split), 'part').entries).toBe(190);
      const shared = new MemoryFile(bytes);
      sharePart(reader, ONE_HALF, shared);
      expectHalf(shared.bytes);
      expect(verifyTable(fileSystemOf(shared), 'part').entries).toBe(190);
      // The earlier table is unchanged.
      const sizeBytes = bytes.length;
      expect(verifyTable(fileSystemOf(shared), 'table', { sizeBytes }).entries).toBe(KEYS);
    }
  });
});

describe('a table that LevelDB 1.20 cannot read', () => {
  const deflated = (type: number, deflate: (bytes: Uint8Array) => Uint8Array) =>
    foreignTable({ blocks, store: (contents) => ({ type, bytes: deflate(contents) }) });

  it.each([
    ['zlib, as Minecraft', deflated(2, deflateSync), /compressed with zlib \(type 2\)/],
    ['raw zlib, as Minecraft', deflated(4, deflateRawSync), /compressed with raw zlib \(type 4\)/],
    [
      'zstd, as LevelDB 1.23',
      deflated(2, (contents) => Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...contents)),
      /compressed with zstd \(type 2\)/,
    ],
    ['an unknown compression', deflated(99, (contents) => contents), /unknown type 99/],
  ])('is refused with the reason if it is compressed with %s', (_, bytes, message) => {
    for (const check of [verifyTable, checkTableStructure]) {
      const run = () => check(fileSystemOf(bytes), 'some.ldb');
      expect(run).toThrow(message);
      expect(run).toThrow(/LevelDB 1.20 cannot read/);
      expect(run).toThrow(
        expect.objectContaining({
          code: 'SSTITCH_TABLE_UNSUPPORTED',
          reason: 'compression',
          path: 'some.ldb',
          offset: 0,
        }),
      );
    }
  });

  it.each([
    ['f7cff485b741e288', 'RocksDB', 'rocksdb-table'],
    ['6495bf6396224282', 'RocksDB', 'rocksdb-table'],
    ['f09faab3f09faab3', 'Pebble', 'pebble-table'],
  ])('is recognised by its magic number %s: %s', (magic, name, reason) => {
    const bytes = foreignTable({ blocks });
    bytes.set(Buffer.from(magic, 'hex'), bytes.length - 8);
    expect(() => verifyTable(fileSystemOf(bytes), 'some.sst')).toThrow(
      expect.objectContaining({
        code: 'SSTITCH_TABLE_UNSUPPORTED',
        reason,
        problem: `the file is a table of ${name}, not of LevelDB: read it with ${name}`,
        message: expect.stringContaining(`a table of ${name}, not of LevelDB`),
      }),
    );
  });
});

describe('an index whose keys share bytes', () => {
  it('may not claim keys of any total length', () => {
    const long = 'k'.repeat(60_000);
    const hostile = foreignTable({
      blocks: Array.from({ length: 1000 }, (_, number) => [
        { key: internalKey(long + nameOf(number), 1, 'value'), value: bytesOf('v') },
      ]),
      indexRestartInterval: 1000,
    });
    expect(() => checkTableStructure(fileSystemOf(hostile), 'table')).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_UNSUPPORTED' }),
    );
  });

  it('may not claim more memory than 256 MiB, however large it is', () => {
    // An index of 12 MB, most of it padding of handles, whose entries have 300 MB.
    const long = 'k'.repeat(60_000);
    const key = internalKey(`${long}0000`, 1, 'value');
    const index = new BlockBuilder(10_000);
    const handle = new Uint8Array(2400);
    for (let number = 0; number < 5000; number += 1) {
      new DataView(key.buffer).setUint32(long.length, number);
      index.append(key, key.length, number === 0 ? 0 : long.length, handle, 0, handle.length);
    }
    const contents = index.finish();
    const before = process.memoryUsage().arrayBuffers;
    expect(() => withEachEntryRestarted(contents, { path: 'table' })).toThrow(
      expect.objectContaining({
        code: 'SSTITCH_TABLE_UNSUPPORTED',
        problem: expect.stringContaining('entries of more than 268435456 bytes'),
      }),
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it('must be in order, with restart points at entries with full keys', () => {
    const [first = [], second = [], third = []] = blocks;
    const disordered = foreignTable({ blocks: [first, third, second], indexRestartInterval: 16 });
    expect(() => checkTableStructure(fileSystemOf(disordered), 'table')).toThrow(
      /index is out of order/,
    );
  });
});

describe('a data block whose keys share bytes', () => {
  it('may not claim keys of any total length', () => {
    const long = 'k'.repeat(37_000);
    const entries = Array.from({ length: 2100 }, (_, number) => ({
      key: internalKey(long + nameOf(number), 1, 'value'),
      value: bytesOf('v'),
    }));
    const tableOf = (restartInterval: number) =>
      fileSystemOf(foreignTable({ blocks: [entries], restartInterval }));
    expect(verifyTable(tableOf(1024), 'table').entries).toBe(2100);
    expect(() => verifyTable(tableOf(10_000), 'table')).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_UNSUPPORTED', path: 'table', offset: 0 }),
    );
  });
});

describe('a metaindex', () => {
  /** An entry that shares no bytes with the one before it. */
  const entry = (key: string, value: Uint8Array) =>
    Uint8Array.of(0, key.length, value.length, ...bytesOf(key), ...value);
  const restarts = (...points: number[]) =>
    new Uint8Array(Uint32Array.of(...points, points.length).buffer);

  it('may not have an entry of SSTitch twice, or both that of a virtual table and a seal', () => {
    const seal = Uint8Array.of(
      ...new Uint8Array(8),
      8,
      ...new Uint8Array(8),
      8,
      ...new Uint8Array(8),
    );
    const sealed = ['sstitch.sealed', seal] as const;
    const narrowed = ['sstitch.narrowed', Uint8Array.of(48)] as const;
    const properties = ['rocksdb.properties', Uint8Array.of(0, 18)] as const;
    for (const notes of [
      [narrowed, sealed],
      [sealed, narrowed],
      [sealed, sealed],
      [narrowed, narrowed],
      [properties, properties],
    ]) {
      expect(() =>
        TableReader.open(fileSystemOf(foreignTable({ blocks, notes })), 'table'),
      ).toThrow(expect.objectContaining({ code: 'SSTITCH_TABLE_UNSUPPORTED' }));
    }
  });

  it('may not have restart points that lead LevelDB to a filter inside another entry', () => {
    // LevelDB seeks the filter from the last restart point before it. A reader of all entries sees only "a".
    const hidden = [
      ...entry('b', new Uint8Array(0)),
      ...entry('filter.leveldb.BuiltinBloomFilter2', Uint8Array.of(0, 18)),
    ];
    const visible = entry('a', Uint8Array.from(hidden));
    const metaindex = Uint8Array.from([...visible, ...restarts(0, 4)]);
    const bytes = foreignTable({ blocks, metaindex });
    for (const check of [verifyTable, checkTableStructure]) {
      expect(() => check(fileSystemOf(bytes), 'table')).toThrow(
        expect.objectContaining({
          code: 'SSTITCH_TABLE_CORRUPT',
          problem: 'restart point 1 is not the start of an entry',
        }),
      );
    }
    const sound = foreignTable({
      blocks,
      metaindex: Uint8Array.from([...visible, ...restarts(0)]),
    });
    expect(verifyTable(fileSystemOf(sound), 'table').entries).toBe(KEYS);
  });
});

describe('a table without data blocks', () => {
  it('is refused as such', () => {
    expect(() => verifyTable(fileSystemOf(foreignTable({ blocks: [] })), 'table')).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_CORRUPT' }),
    );
  });
});
