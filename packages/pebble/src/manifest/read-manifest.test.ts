import { describe, expect, it } from 'vitest';
import { ByteWriter, text } from '../../test/byte-writer.js';
import { EditWriter, encodeDatabase, internalKey } from '../../test/encode-database.js';
import { encodeRowTable } from '../../test/encode-row-table.js';
import { listDatabase } from '../../test/list-entries.js';
import { MemoryFiles } from '../../test/memory-files.js';
import type { PebbleErrorCode } from '../errors.js';

const BYTES = encodeRowTable({
  points: ['a', 'b', 'c'].map((key) => ({ key, sequence: 5, value: `value ${key}` })),
});
const TABLE = { number: 9, sizeBytes: BYTES.length, smallest: 'a', largest: 'c' };
const FILES = [
  ['000009.sst', BYTES],
  ['000010.sst', BYTES],
] as const;
const lines = (...keys: string[]) =>
  keys.map(
    (key) => `${Buffer.from(key).toString('hex')} ${Buffer.from(`value ${key}`).toString('hex')}`,
  );

function edit(): EditWriter {
  return new EditWriter().head();
}

async function refusal(
  edits: readonly ByteWriter[],
  code: PebbleErrorCode,
  problem: string,
): Promise<void> {
  await expect(listDatabase(encodeDatabase(edits, FILES))).rejects.toMatchObject({
    code,
    message: expect.stringContaining(problem),
    path: expect.stringContaining('/database'),
  });
}

describe('the tables of a MANIFEST', () => {
  it('are those that edits have added and not removed', async () => {
    const move = edit()
      .deleteTable(6, 9)
      .addTable({ ...TABLE, level: 2 });
    const files = encodeDatabase([edit().addTable(TABLE), move], FILES);
    expect(await listDatabase(files)).toEqual(lines('a', 'b', 'c'));
    const gone = encodeDatabase([edit().addTable(TABLE), edit().deleteTable(6, 9)], FILES);
    expect(await listDatabase(gone)).toEqual([]);
  });

  it('may be added by the tags of LevelDB and RocksDB', async () => {
    for (const tag of [7, 100, 102]) {
      const writer = edit().uvarint(tag).uvarint(1).uvarint(9);
      if (tag === 102) writer.uvarint(0);
      writer.uvarint(BYTES.length);
      writer.byteString(internalKey('a', 1n)).byteString(internalKey('c', 1n));
      if (tag !== 7) writer.uvarint(5).uvarint(6);
      // LevelDB's other tags.
      writer
        .uvarint(5)
        .uvarint(1)
        .byteString(text('a'))
        .uvarint(9)
        .uvarint(0)
        .uvarint(4)
        .uvarint(9);
      expect(await listDatabase(encodeDatabase([writer], FILES))).toEqual(lines('a', 'b', 'c'));
    }
  });

  it('may be virtual, with a size that is only an estimate', async () => {
    const sizeBytes = Number.MAX_SAFE_INTEGER;
    const virtual = {
      ...TABLE,
      number: 20,
      sizeBytes,
      backing: 9,
      largest: 'b',
      isExclusive: true,
    };
    const added = edit().addBacking(9, BYTES.length).addTable(virtual);
    added.addTable({ ...virtual, number: 21, smallest: 'c', largest: 'c', isExclusive: false });
    expect(await listDatabase(encodeDatabase([added], FILES))).toEqual(lines('a', 'c'));
    const huge = edit().addBacking(9, BYTES.length).uvarint(103).uvarint(6).uvarint(22);
    huge
      .uvarint(2n ** 63n)
      .byteString(internalKey('b', 1n))
      .byteString(internalKey('b', 1n));
    huge.uvarint(0).uvarint(0).uvarint(66).uvarint(9).uvarint(1);
    expect(await listDatabase(encodeDatabase([huge], FILES))).toEqual(lines('b'));
  });

  it('may share a key with both neighbours of their level, in any order of their edits', async () => {
    const one = encodeRowTable({ points: [{ key: 'c', sequence: 9, value: 'value c' }] });
    const shared = { number: 11, sizeBytes: one.length, smallest: 'c', largest: 'c' };
    const last = { ...TABLE, number: 10, smallest: 'c', largest: 'd', sizeBytes: one.length };
    const files = [...FILES.slice(0, 1), ['000010.sst', one], ['000011.sst', one]] as const;
    for (const tables of [
      [TABLE, shared, last],
      [last, shared, TABLE],
    ]) {
      const added = edit();
      for (const table of tables) added.addTable(table);
      expect(await listDatabase(encodeDatabase([added], files))).toEqual(lines('a', 'b', 'c'));
    }
  });

  it('may have custom fields that can be ignored', async () => {
    const custom = new ByteWriter().uvarint(2).byteString(Uint8Array.of(1));
    custom.uvarint(6).byteString(Uint8Array.of(1)).uvarint(33).byteString(text('new')).uvarint(130);
    const files = encodeDatabase(
      [edit().addTable(TABLE, custom.byteString(text('x')).done())],
      FILES,
    );
    expect(await listDatabase(files)).toEqual(lines('a', 'b', 'c'));
  });
});

describe('a MANIFEST is refused, with the name of the feature, for', () => {
  it.each([
    [104, 'a table with range keys'],
    [107, 'a blob file'],
    [108, 'the deletion of a blob file'],
    [201, 'a column family'],
    [99, 'the tag 99'],
  ])('the tag %d', async (tag, name) => {
    await refusal([edit().uvarint(tag)], 'SSTITCH_PEBBLE_UNSUPPORTED', name);
  });

  it.each([
    [65, 'another path'],
    [67, 'a synthetic prefix'],
    [68, 'a synthetic suffix'],
    [69, 'blob references'],
    [70, 'the custom field 70'],
  ])('the custom field %d', async (tag, name) => {
    const custom = new ByteWriter().uvarint(tag).byteString(text('x')).done();
    await refusal([edit().addTable(TABLE, custom)], 'SSTITCH_PEBBLE_UNSUPPORTED', name);
  });

  it('another comparer', async () => {
    const edits = [new EditWriter().head('cockroach_comparator')];
    await refusal(edits, 'SSTITCH_PEBBLE_UNSUPPORTED', '"cockroach_comparator"');
    const long = [new EditWriter().head('x'.repeat(10_000))];
    await refusal(long, 'SSTITCH_PEBBLE_UNSUPPORTED', `"${'x'.repeat(100)}…"`);
  });
});

describe('a MANIFEST is corrupt', () => {
  const CORRUPT = 'SSTITCH_PEBBLE_CORRUPT';
  it.each<[string, readonly ByteWriter[]]>([
    ['has no next file number', [new EditWriter().logNumber(1)]],
    ['removes table 8 of level 6', [edit().deleteTable(6, 8)]],
    ['removes the backing file 8', [edit().uvarint(106).uvarint(8)]],
    ['adds table 9 of level 6 again', [edit().addTable(TABLE).addTable(TABLE)]],
    ['which no edit declared a backing file', [edit().addTable({ ...TABLE, backing: 9 })]],
    ['the bounds of table 9 are inverted', [edit().addTable({ ...TABLE, smallest: 'd' })]],
    [
      'the bounds of table 9 are inverted',
      [edit().addTable({ ...TABLE, smallest: 'c', isExclusive: true })],
    ],
    ['the sequences of table 9 are inverted', [edit().addTable({ ...TABLE, sequences: [2, 1] })]],
    [
      'tables 9 and 10 of level 6 overlap',
      [
        edit()
          .addTable(TABLE)
          .addTable({ ...TABLE, number: 10, smallest: 'b' }),
      ],
    ],
    [
      'tables 20 and 21 of file 9 overlap',
      [
        edit()
          .addBacking(9, BYTES.length)
          .addTable({ ...TABLE, number: 20, backing: 9, level: 0 })
          .addTable({ ...TABLE, number: 21, backing: 9, level: 5 }),
      ],
    ],
    ['names level 7', [edit().addTable({ ...TABLE, level: 7 })]],
    ['is truncated', [edit().uvarint(3)]],
    ['is truncated: it claims 50 more bytes', [edit().uvarint(1).uvarint(50)]],
    [
      'a number above 2^53',
      [
        edit()
          .uvarint(2)
          .uvarint(2n ** 60n),
      ],
    ],
    ['more than 10 bytes', [edit().uvarint(2).raw(new Uint8Array(11).fill(0xff))]],
    ['has a bound of 7 bytes', [edit().raw([7, 6, 9, 1, 7], text('1234567'))]],
  ])('where it %s', (problem, edits) => refusal(edits, CORRUPT, problem));

  it('if its last record is truncated, unless a torn end is allowed', async () => {
    const whole = encodeDatabase([edit().addTable(TABLE), edit().deleteTable(6, 9)], FILES);
    const manifest = whole.files.get('MANIFEST-000001') as Uint8Array;
    const cut = new MemoryFiles(whole.files);
    cut.files.set('MANIFEST-000001', manifest.subarray(0, manifest.length - 1));
    await expect(listDatabase(cut)).rejects.toMatchObject({ code: CORRUPT });
    expect(await listDatabase(cut, { tornLogs: 'end' })).toEqual(lines('a', 'b', 'c'));
  });
});

describe('limits', () => {
  it('bound the MANIFEST and its tables', async () => {
    const two = edit()
      .addTable(TABLE)
      .addTable({ ...TABLE, number: 10, level: 5 });
    const files = encodeDatabase([two], FILES);
    expect(await listDatabase(files, { maxTables: 2 })).toEqual(lines('a', 'b', 'c'));
    await expect(listDatabase(files, { maxTables: 1 })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_TOO_LARGE',
      message: expect.stringContaining('maxTables'),
    });
    const gone = encodeDatabase([edit().deleteTable(0, 1).deleteTable(0, 2)]);
    await expect(listDatabase(gone, { maxTables: 1 })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_TOO_LARGE',
      message: expect.stringContaining('a version edit names 2 tables or more'),
    });
    await expect(listDatabase(files, { maxManifestBytes: 20 })).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_TOO_LARGE',
      message: expect.stringContaining('maxManifestBytes'),
    });
  });
});
