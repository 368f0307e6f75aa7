import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Entry, entriesOf } from '../../test/arbitraries.js';
import { fileSystemOf, pseudoRandomBytes, textOf } from '../../test/entries.js';
import { readerOf, tableOf } from '../../test/tables.js';
import { BlockReader } from '../block/block-reader.js';
import { StoredBlockReader } from '../block/stored-block.js';
import { makeInternalKey } from '../encoding/internal-key.js';
import { FILTER_KEY, PROPERTIES_KEY, SEALED_KEY } from '../encoding/table-format.js';
import { VarintReader } from '../encoding/varint.js';
import { verifyTable } from '../verify/verify-table.js';
import { TableBuilder } from './table-builder.js';

/** Returns the names and values of a block, in order. */
function rowsOf(contents: Uint8Array): Map<string, Uint8Array> {
  const block = new BlockReader(0);
  block.load(contents, {});
  const rows = new Map<string, Uint8Array>();
  for (block.seekToFirst(); block.valid; block.next()) {
    const name = textOf(block.keyBytes.subarray(0, block.keyLength));
    rows.set(name, block.data.slice(block.valueStart, block.valueEnd));
  }
  return rows;
}

/** Reads the properties of a table as Pebble does, through the metaindex. */
function propertiesOf(bytes: Uint8Array): Record<string, string | number> {
  const { file, footer } = readerOf(bytes).parts;
  const blocks = new StoredBlockReader(file);
  const meta = rowsOf(blocks.read(footer.metaindex.offset, footer.metaindex.size));
  expect([...meta.keys()]).toEqual([...meta.keys()].sort());
  const handle = meta.get(PROPERTIES_KEY);
  if (handle === undefined) throw new Error('the table has no properties');
  const varints = new VarintReader();
  const offset = varints.read64(handle, handle.length);
  const rows = rowsOf(blocks.read(offset, varints.read64(handle, handle.length)));
  expect([...rows.keys()]).toEqual([...rows.keys()].sort());
  const properties: Record<string, string | number> = {};
  for (const [name, value] of rows) {
    if (/comparator|operator/.test(name)) properties[name] = textOf(value);
    else if (name.endsWith('index.type')) properties[name] = Buffer.from(value).readUInt32LE();
    else {
      const number = new VarintReader();
      properties[name] = number.read64(value, value.length);
    }
  }
  return properties;
}

/** The properties that depend only on the entries. */
function expectedOf(entries: readonly Entry[]): Record<string, string | number> {
  const sum = (sizeOf: (entry: Entry) => number) =>
    entries.reduce((total, entry) => total + sizeOf(entry), 0);
  return {
    'rocksdb.block.based.table.index.type': 0,
    'rocksdb.comparator': 'leveldb.BytewiseComparator',
    'rocksdb.merge.operator': 'nullptr',
    'rocksdb.num.range-deletions': 0,
    'rocksdb.num.entries': entries.length,
    'rocksdb.deleted.keys': entries.filter(({ type }) => type === 'deletion').length,
    'rocksdb.raw.key.size': sum(({ key }) => key.length),
    'rocksdb.raw.value.size': sum(({ value }) => value.length),
  };
}

/** Makes entries whose user keys are numbers of two bytes. */
function numbered(count: number): Entry[] {
  return Array.from({ length: count }, (_, number) => {
    const userKey = Uint8Array.of(number >>> 8, number);
    const key = makeInternalKey(userKey, 1, 'value');
    return { key, userKey, value: pseudoRandomBytes(number, 50), type: 'value', sequence: 1 };
  });
}

const bloomBitsPerKey = fc.constantFrom(0 as const, 10 as const);

it('a table with properties holds the same entries, and its properties count them, for any entries', () => {
  fc.assert(
    fc.property(entriesOf(), bloomBitsPerKey, fc.boolean(), (entries, bits, seal) => {
      const options = { bloomBitsPerKey: bits, seal };
      const { bytes, properties } = tableOf(entries, { ...options, properties: true });
      expect(verifyTable(fileSystemOf(bytes), 'table')).toEqual(properties);
      const found = propertiesOf(bytes);
      expect(found).toMatchObject(expectedOf(entries));
      const { index, filter } = readerOf(bytes).parts;
      const last = index.handleOf(index.blockCount - 1);
      expect(found['rocksdb.num.data.blocks']).toBe(index.blockCount);
      expect(found['rocksdb.data.size']).toBe(last.offset + last.size + 5);
      expect(found['rocksdb.filter.size']).toBe(filter?.handle.size ?? 0);
      expect(found['rocksdb.index.size']).toBeGreaterThan(0);
    }),
  );
});

it('the metaindex has the entries of filter, properties and seal, in order', () => {
  const { bytes } = tableOf(numbered(1), { seal: true, properties: true });
  const { file, footer } = readerOf(bytes).parts;
  const metaindex = new StoredBlockReader(file).read(
    footer.metaindex.offset,
    footer.metaindex.size,
  );
  expect([...rowsOf(metaindex).keys()]).toEqual([FILTER_KEY, PROPERTIES_KEY, SEALED_KEY]);
});

it('any byte of the block that differs is found by verifyTable', () => {
  for (const seal of [false, true]) {
    const { bytes } = tableOf(numbered(100), { seal, properties: true });
    const { filter, footer, properties } = readerOf(bytes).parts;
    if (filter === undefined || properties === undefined) throw new Error('the table has both');
    expect(properties.offset).toBe(filter.handle.offset + filter.handle.size + 5);
    for (let at = properties.offset; at < footer.metaindex.offset; at += 1) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(() => verifyTable(fileSystemOf(damaged), 'table')).toThrow(
        expect.objectContaining({ code: 'SSTITCH_TABLE_CORRUPT', offset: properties.offset }),
      );
    }
  }
});

it('the option must be true or false', () => {
  const { file } = readerOf(tableOf(numbered(1)).bytes).parts;
  const options = { properties: 1 as unknown as boolean };
  expect(() => new TableBuilder(file.handle, options)).toThrow('properties is 1');
});
