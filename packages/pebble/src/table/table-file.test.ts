// Tables that no fixture has: LevelDB's, and invalid or refused ones.
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../test/byte-writer.js';
import {
  EditWriter,
  type EncodedTable,
  encodeDatabase,
  encodeTable,
} from '../../test/encode-database.js';
import {
  encodeFooter,
  encodeRowTable,
  type RowPoint,
  type RowTable,
} from '../../test/encode-row-table.js';
import { listDatabase } from '../../test/list-entries.js';
import type { PebbleErrorCode } from '../errors.js';
import type { PebbleOptions } from '../options.js';

const CORRUPT = 'SSTITCH_PEBBLE_CORRUPT';
const UNSUPPORTED = 'SSTITCH_PEBBLE_UNSUPPORTED';
const TOO_LARGE = 'SSTITCH_PEBBLE_TOO_LARGE';

const point = (key: string, sequence = 5, rest: Partial<RowPoint> = {}): RowPoint => {
  return { key, sequence, value: `value ${key}`, ...rest };
};

/** The keys of a database of one table that covers all keys. */
async function keysOf(
  bytes: Uint8Array,
  table: Partial<EncodedTable> = {},
  options: PebbleOptions = {},
): Promise<string[]> {
  const sizeBytes = bytes.length;
  const edit = new EditWriter().head();
  edit.addTable({ number: 9, sizeBytes, smallest: '', largest: 'zz', ...table });
  const lines = await listDatabase(encodeDatabase([edit], [['000009.sst', bytes]]), options);
  return lines.map((line) => Buffer.from(line.split(' ')[0] ?? '', 'hex').toString());
}

async function refusal(
  bytes: Uint8Array,
  code: PebbleErrorCode,
  problem: string,
  table: Partial<EncodedTable> = {},
  options: PebbleOptions = {},
): Promise<void> {
  await expect(keysOf(bytes, table, options)).rejects.toMatchObject({
    code,
    path: '/database/000009.sst',
    message: expect.stringContaining(problem),
  });
}

describe("LevelDB's tables", () => {
  it('are read with their own sequence numbers', async () => {
    const bytes = encodeTable([
      { key: 'a', sequence: 9, value: 'new' },
      { key: 'a', sequence: 3, value: 'old' },
      { key: 'b', sequence: 4 },
      { key: 'b', sequence: 2, value: 'deleted' },
      ...Array.from({ length: 2000 }, (_, i) => ({
        key: `c${10_000 + i}`,
        sequence: 5,
        value: `${i}`,
      })),
    ]);
    const keys = await keysOf(bytes);
    expect(keys.length).toBe(2001);
    expect(keys.slice(0, 3)).toEqual(['a', 'c10000', 'c10001']);
  });
});

describe('a row table', () => {
  it.each([0, 1, 2, 3, 4] as const)('of version %d is read', async (version) => {
    const points = ['a', 'ab', 'abc', 'b', 'c', 'd', 'e'].map((key) => point(key));
    expect(await keysOf(encodeRowTable({ points, version }))).toEqual(points.map(({ key }) => key));
  });

  it('of version 4 may mark entries as obsolete', async () => {
    const points = [
      point('a', 5),
      point('a', 4, { kind: 1 | 64 }),
      point('b', 5, { kind: 0 | 64 }),
    ];
    expect(await keysOf(encodeRowTable({ points, version: 4 }))).toEqual(['a']);
  });

  it('may have only range deletions, with or without an empty block', async () => {
    const rangeDeletions = [{ start: 'a', end: 'b', sequence: 9 }];
    const table = { points: [], rangeDeletions };
    expect(await keysOf(encodeRowTable(table))).toEqual([]);
    expect(await keysOf(encodeRowTable({ ...table, emptyBlocks: ['c'] }))).toEqual([]);
    // Several empty blocks would each be read in vain.
    const two = encodeRowTable({ ...table, emptyBlocks: ['c', 'd'] });
    await refusal(two, CORRUPT, 'a data block is empty');
  });

  it('may have old versions in value blocks, which are skipped', async () => {
    const table = (points: RowPoint[]) => encodeRowTable({ points, version: 3 });
    const external = { isExternal: true };
    expect(await keysOf(table([point('a', 5), point('a', 4, external)]))).toEqual(['a']);
    await refusal(table([point('a', 5, external)]), UNSUPPORTED, 'in a value block');
  });
});

describe('a table is refused, with the name of the feature, for', () => {
  const points = [point('a')];
  it.each<[string, RowTable, string]>([
    ['range keys', { points, meta: ['pebble.range_key'] }, 'range keys'],
    ['blob values', { points, meta: ['pebble.blob_ref_index'] }, 'values in blob files'],
    ['MERGE', { points: [point('a', 5, { kind: 2 })] }, 'a MERGE entry'],
    ['another comparer', { points, properties: [['rocksdb.comparator', 'other']] }, '"other"'],
    [
      'another schema',
      { points, properties: [['pebble.colblk.schema', 'other']] },
      'key schema "other"',
    ],
  ])('%s', (_, table, problem) => refusal(encodeRowTable(table), UNSUPPORTED, problem));

  it.each([
    [8, UNSUPPORTED, 'MinLZ'],
    [4, UNSUPPORTED, 'LZ4'],
    [9, CORRUPT, 'the unknown compression 9'],
  ] as const)('the compression %d', async (compression, code, problem) => {
    await refusal(encodeRowTable({ points, compression }), code, problem);
  });

  it.each([
    [0, UNSUPPORTED, 'no checksums'],
    [2, UNSUPPORTED, 'xxHash32'],
    [4, UNSUPPORTED, 'XXH3'],
    [9, CORRUPT, 'the unknown checksum type 9'],
  ] as const)('the checksum type %d', async (type, code, problem) => {
    const handle = new ByteWriter().uvarint(0).uvarint(8).done();
    await refusal(encodeFooter(1, handle, handle, type), code, problem);
  });

  it('a newer version', async () => {
    const handle = new ByteWriter().uvarint(0).uvarint(8).done();
    await refusal(
      encodeFooter(8, handle, handle),
      UNSUPPORTED,
      "version 8 of Pebble's table format",
    );
  });
});

describe('a table is corrupt', () => {
  it.each<[string, RowTable]>([
    ['has an entry out of order', { points: [point('b'), point('a')] }],
    ['has an entry out of order', { points: [point('a', 4), point('a', 5)] }],
    ['has an entry out of order', { points: [point('a', 4), point('a', 4)] }],
    ['has row 1 out of order', { points: [point('b'), point('a')], pointsInBlock: 1 }],
    ['an entry has the unknown kind 44', { points: [point('a', 5, { kind: 44 })] }],
    ['empty or inverted', { points: [], rangeDeletions: [{ start: 'b', end: 'a', sequence: 5 }] }],
  ])('where it %s', (problem, table) => refusal(encodeRowTable(table), CORRUPT, problem));

  it('if its keys lie outside its bounds', async () => {
    const bytes = encodeRowTable({ points: [point('b'), point('c'), point('d')] });
    await refusal(bytes, CORRUPT, 'before its smallest key', { smallest: 'c' });
    await refusal(bytes, CORRUPT, 'after its largest key', { largest: 'c' });
    await refusal(bytes, CORRUPT, 'after its largest key', { largest: 'd', isExclusive: true });
  });

  it('if its size differs from that in the MANIFEST', async () => {
    const bytes = encodeRowTable({ points: [point('a')] });
    await refusal(bytes, CORRUPT, 'but the MANIFEST states 7', { sizeBytes: 7 });
  });

  it('if it is truncated or not a table', async () => {
    await refusal(new Uint8Array(5), CORRUPT, 'the file has only 5 bytes');
    await refusal(new Uint8Array(100), CORRUPT, 'this is not a table');
    const handle = new ByteWriter().uvarint(1000).uvarint(8).done();
    await refusal(encodeFooter(1, handle, handle), CORRUPT, '13 bytes are expected here');
  });

  it('if any bit of a block is flipped', async () => {
    const bytes = encodeRowTable({
      points: ['a', 'b', 'c', 'd', 'e'].map((key) => point(key)),
      rangeDeletions: [{ start: 'x', end: 'y', sequence: 3 }],
      properties: [['rocksdb.comparator', 'leveldb.BytewiseComparator']],
    });
    for (let position = 0; position < bytes.length - 53; position += 1) {
      const flipped = bytes.slice();
      flipped[position] = (flipped[position] as number) ^ 4;
      await refusal(flipped, CORRUPT, 'the checksum of a block does not match');
    }
  });

  it('if it is missing', async () => {
    const edit = new EditWriter().head();
    edit.addTable({ number: 1_234_567, sizeBytes: 9, smallest: '', largest: 'z' });
    await expect(listDatabase(encodeDatabase([edit]))).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_NOT_FOUND',
      path: '/database/1234567.sst',
    });
  });
});

describe('limits', () => {
  it('bound blocks and range deletions', async () => {
    const bytes = encodeRowTable({
      points: [point('a')],
      rangeDeletions: ['b', 'c', 'd'].map((start) => ({ start, end: 'y', sequence: 3 })),
    });
    expect(await keysOf(bytes, {}, { maxBlockBytes: 100 })).toEqual(['a']);
    await refusal(bytes, TOO_LARGE, 'maxBlockBytes', {}, { maxBlockBytes: 20 });
    expect(await keysOf(bytes, {}, { maxRangeDeletions: 3 })).toEqual(['a']);
    await refusal(bytes, TOO_LARGE, 'maxRangeDeletions', {}, { maxRangeDeletions: 2 });
  });

  it('bound the keys of range deletions, which a row block stores without what they share', async () => {
    const start = (number: number) => `${'x'.repeat(5000)}${String.fromCharCode(number)}`;
    const rangeDeletions = Array.from({ length: 100 }, (_, index) => {
      return { start: start(index), end: 'y', sequence: 3 };
    });
    const bytes = encodeRowTable({ points: [point('a')], rangeDeletions });
    expect(bytes.length).toBeLessThan(10_000);
    expect(await keysOf(bytes, {}, { maxBlockBytes: 600_000 })).toEqual(['a']);
    await refusal(bytes, TOO_LARGE, 'the keys of the range', {}, { maxBlockBytes: 400_000 });
  });
});
