import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, entriesOf } from '../../test/arbitraries.js';
import {
  bytesOf,
  fileSystemOf,
  internalKey,
  MemoryFile,
  pseudoRandomBytes,
} from '../../test/entries.js';
import { partOf, readerOf, tableOf } from '../../test/tables.js';
import { StoredBlockReader } from '../block/stored-block.js';
import { maskedChecksum, writeFixed32 } from '../encoding/checksum.js';
import {
  BLOCK_TYPE_RAW,
  type BlockHandle,
  FOOTER_BYTES,
  SEALED_KEY,
} from '../encoding/table-format.js';
import { sharePart } from '../split/share-part.js';
import { checkTableStructure, verifyTable } from '../verify/verify-table.js';
import { decodeSeal, encodeSeal, type TableSeal } from './table-seal.js';
import { TableWriter } from './table-writer.js';

const entries: Entry[] = Array.from({ length: 2000 }, (_, index): Entry => {
  const text = `key ${String(index).padStart(5, '0')}`;
  const value = pseudoRandomBytes(index, 40);
  return {
    key: internalKey(text, 9, 'value'),
    userKey: bytesOf(text),
    sequence: 9,
    type: 'value',
    value,
  };
});
const { bytes: sealed, properties } = tableOf(entries, { seal: true });
const plain = tableOf(entries).bytes;

const structureOf = (bytes: Uint8Array | MemoryFile, recorded = {}) =>
  checkTableStructure(fileSystemOf(bytes), 'table', recorded);

/** Changes a byte of a block and corrects its checksum, as a faulty writer would. */
function rewritten(bytes: Uint8Array, { offset, size }: BlockHandle, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[offset + at] = (changed[offset + at] ?? 0) ^ 1;
  const contents = changed.subarray(offset, offset + size + 1);
  writeFixed32(changed, offset + size + 1, maskedChecksum(contents));
  return changed;
}

/** Makes a table of one entry with a different seal. */
function tableSealedAs(change: Partial<TableSeal>): Uint8Array {
  const [only] = entries;
  if (only === undefined) throw new Error('no entry');
  const { bytes } = tableOf([only], { compression: 'none' });
  const { index } = readerOf(bytes).parts;
  const { offset, size } = index.handleOf(0);
  const indexKey = index.keyOf(0);
  const file = new MemoryFile();
  const writer = new TableWriter(file, 'none', undefined);
  writer.writeRawBlock(bytes.subarray(offset, offset + size), BLOCK_TYPE_RAW);
  writer.addIndexEntry(indexKey, indexKey.length, writer.blockOffset, writer.blockSize);
  writer.finish({ bounds: { smallest: only.key, largest: only.key, ...change } });
  return file.bytes;
}

describe('a sealed table', () => {
  it('differs from the same table without a seal only in its metaindex', () => {
    const [with_, without] = [readerOf(sealed).parts, readerOf(plain).parts];
    const end = without.footer.metaindex.offset;
    expect(with_.footer.metaindex.offset).toBe(end);
    expect(Buffer.compare(sealed.subarray(0, end), plain.subarray(0, end))).toBe(0);
    const indexOf = (bytes: Uint8Array, { offset, size }: BlockHandle) =>
      Buffer.from(bytes.subarray(offset, offset + size + 5));
    expect(indexOf(sealed, with_.footer.index)).toEqual(indexOf(plain, without.footer.index));
    expect(without.seal).toBeUndefined();
    expect(with_.seal).toMatchObject({
      smallest: properties.smallest,
      largest: properties.largest,
    });
  });

  it('verifies for any entries, with and without a filter', () => {
    fc.assert(
      fc.property(
        entriesOf(),
        fc.constantFrom<0 | 10>(0, 10),
        fc.constantFrom<'none' | 'snappy'>('none', 'snappy'),
        (given, bloomBitsPerKey, compression) => {
          const table = tableOf(given, { seal: true, bloomBitsPerKey, compression });
          const verified = verifyTable(fileSystemOf(table.bytes), 'table');
          expect(verified).toEqual(table.properties);
          expect(structureOf(table.bytes)).toEqual({
            sizeBytes: verified.sizeBytes,
            smallest: verified.smallest,
            largest: verified.largest,
          });
        },
      ),
    );
  });

  it('has its structure checked by the seal, without reading a data block', () => {
    const readsOf = (bytes: Uint8Array) => {
      const file = new MemoryFile(bytes);
      expect(structureOf(file).sizeBytes).toBe(bytes.length);
      return file.reads;
    };
    expect(readsOf(sealed)).toBe(4);
    const [first] = readerOf(sealed).blockHandles();
    const damaged = sealed.slice();
    damaged[first?.offset ?? 0] = 255 - (damaged[first?.offset ?? 0] ?? 0);
    expect(readsOf(damaged)).toBe(4);
    expect(() => verifyTable(fileSystemOf(damaged), 'table')).toThrow(/checksum/);
  });

  it.each([
    ['index', readerOf(sealed).parts.footer.index],
    ['filter', readerOf(sealed).parts.filter?.handle ?? { offset: 0, size: 0 }],
  ])('is refused if its %s is not the sealed one, even with a right checksum', (name, handle) => {
    for (const at of [0, Math.floor(handle.size / 2), handle.size - 1]) {
      const changed = rewritten(sealed, handle, at);
      expect(() => structureOf(changed)).toThrow(`the ${name} is not the one that was sealed`);
      const damaged = sealed.slice();
      damaged[handle.offset + at] = (damaged[handle.offset + at] ?? 0) ^ 1;
      expect(() => structureOf(damaged)).toThrow(/checksum of a block/);
    }
  });

  it('is checked in full by a reader without verifyChecksums, as the seal relies on them', () => {
    const { offset, size } = readerOf(sealed).parts.footer.index;
    const damaged = sealed.slice();
    damaged.fill(0, offset, offset + size);
    const unchecked = { validate: 'checksum', verifyChecksums: false } as const;
    expect(() => readerOf(damaged, unchecked)).toThrow(/block/);
    expect(readerOf(sealed, unchecked).smallest()).toEqual(properties.smallest);
  });

  it('has its filter read in chunks, at any position of the checksum', () => {
    const file = new MemoryFile();
    for (let bytes = 128 * 1024 - 8; bytes <= 128 * 1024 + 8; bytes += 1) {
      const writer = new TableWriter(file, 'none', undefined, file.bytes.length);
      const checksum = writer.writeRawBlock(pseudoRandomBytes(bytes, bytes), BLOCK_TYPE_RAW);
      const { blockOffset, blockSize } = writer;
      writer.addIndexEntry(properties.smallest, properties.smallest.length, blockOffset, blockSize);
      writer.finish({});
      const { length: sizeBytes } = file.bytes;
      const at = { handle: file, path: 'table', sizeBytes, verifyChecksums: true };
      const blocks = new StoredBlockReader(at);
      expect(blocks.readChecksum(blockOffset, blockSize)).toBe(checksum);
      for (const damagedAt of [0, bytes - 1, bytes, bytes + 4]) {
        const damaged = file.bytes.slice();
        damaged[blockOffset + damagedAt] = (damaged[blockOffset + damagedAt] ?? 0) ^ 1;
        const reader = new StoredBlockReader({ ...at, handle: new MemoryFile(damaged) });
        expect(() => reader.readChecksum(blockOffset, blockSize)).toThrow(/checksum of a block/);
      }
    }
  });

  it('has its bounds compared with the recorded ones', () => {
    const { smallest, largest } = properties;
    expect(structureOf(sealed, { sizeBytes: sealed.length, smallest, largest })).toBeDefined();
    const second = entries[1]?.key;
    expect(() => structureOf(sealed, { smallest: second })).toThrow(/starts at/);
    expect(() => structureOf(sealed, { largest: second })).toThrow(/ends at/);
    expect(() => structureOf(sealed, { sizeBytes: sealed.length - 1 })).toThrow(/magic/);
  });

  it('reads like any other table', () => {
    const reader = readerOf(sealed, { validate: 'checksum' });
    const found = entries.every(({ userKey, value }) => {
      const entry = reader.get(userKey);
      return entry !== undefined && Buffer.compare(entry.value, value) === 0;
    });
    expect(found).toBe(true);
    expect(reader.blockHandles()).toEqual(readerOf(plain).blockHandles());
  });

  it.each([
    ['a start', { smallest: internalKey('key', 9, 'value') }],
    ['an end', { largest: internalKey('key 99999', 9, 'value') }],
  ])('is not trusted by verifyTable, which finds %s that no entry has', (_, change) => {
    expect(() => verifyTable(fileSystemOf(tableSealedAs({})), 'table')).not.toThrow();
    const misleading = tableSealedAs(change);
    expect(structureOf(misleading)).toMatchObject(change);
    expect(() => verifyTable(fileSystemOf(misleading), 'table')).toThrow(
      /differ from those of the seal/,
    );
  });

  it('does not pass its seal on to parts, of which not all entries were checked', () => {
    const keep = [{ start: bytesOf('key 00500'), end: bytesOf('key 01500') }];
    const part = partOf(sealed, keep)?.bytes ?? plain;
    expect(readerOf(part).parts.seal).toBeUndefined();
    const file = new MemoryFile(sealed);
    const shared = sharePart(readerOf(sealed, { validate: 'checksum' }), keep, file);
    expect(readerOf(file.bytes, { sizeBytes: shared?.sizeBytes }).parts.seal).toBeUndefined();
    expect(verifyTable(fileSystemOf(file.bytes), 'table').entries).toBe(1000);
    expect(verifyTable(fileSystemOf(part), 'table').entries).toBe(1000);
  });

  it('has its seal in the metaindex, where LevelDB ignores it', () => {
    const { metaindex } = readerOf(sealed).parts.footer;
    const text = Buffer.from(sealed.subarray(metaindex.offset, sealed.length - FOOTER_BYTES));
    expect(text.includes(SEALED_KEY)).toBe(true);
  });
});

describe('a seal', () => {
  const seal = {
    indexChecksum: 0xfedcba98,
    filterChecksum: 0x01234567,
    smallest: internalKey('a', 3, 'value'),
    largest: internalKey('b'.repeat(300), 2, 'deletion'),
  };
  const encoded = encodeSeal(seal);
  const decode = (bytes: Uint8Array) => decodeSeal(bytes, 0, bytes.length, { path: 'table' });

  it('is read back unchanged', () => {
    expect(decode(encoded)).toEqual(seal);
  });

  it('is refused if it is truncated or has more bytes', () => {
    for (let length = 0; length < encoded.length; length += 1) {
      expect(() => decode(encoded.subarray(0, length)), `${length}`).toThrow(/the seal/);
    }
    expect(() => decode(Uint8Array.from([...encoded, 0]))).toThrow(/after its keys/);
  });

  it('is refused if a key is not an internal key, or the keys are out of order', () => {
    expect(() => decode(encodeSeal({ ...seal, smallest: bytesOf('a') }))).toThrow(
      /not an internal/,
    );
    const swapped = { ...seal, smallest: seal.largest, largest: seal.smallest };
    expect(() => decode(encodeSeal(swapped))).toThrow(/out of order/);
  });
});
