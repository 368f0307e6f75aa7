import { type Span, spanContains } from '@sstitch/contract';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { type Entry, entriesOf, spansOf } from '../../test/arbitraries.js';
import { draftTable } from '../../test/draft-table.js';
import {
  bytesOf,
  fileSystemOf,
  internalKey,
  MemoryFile,
  remaining,
  textOf,
} from '../../test/entries.js';
import { tableOf } from '../../test/tables.js';
import { BlockBuilder } from '../block/block-builder.js';
import { maskedChecksum, readFixed32, writeFixed32 } from '../encoding/checksum.js';
import {
  BLOCK_TYPE_RAW,
  BLOCK_TYPE_SNAPPY,
  encodeFooter,
  FILTER_KEY,
  MAX_HANDLE_BYTES,
  writeHandle,
} from '../encoding/table-format.js';
import { SstError } from '../errors.js';
import type { TableOptions } from '../table/table-options.js';
import { TableReader } from '../table/table-reader.js';
import { verifyTable } from '../verify/verify-table.js';
import { dataBytesIn, sharePart } from './share-part.js';

const inside = (entries: readonly Entry[], spans: readonly Span[]) =>
  entries.filter(({ userKey }) => spans.some((span) => spanContains(span, userKey)));

/** Expects that the table of `sizeBytes` in a file verifies and holds exactly the entries. */
function expectTable(file: MemoryFile, sizeBytes: number, expected: readonly Entry[]): void {
  const fileSystem = fileSystemOf(file);
  verifyTable(fileSystem, 'shared', { sizeBytes });
  const reader = TableReader.open(fileSystem, 'shared', { sizeBytes });
  const entries = reader.iterator();
  entries.seekToFirst();
  expect(remaining(entries)).toEqual(
    expected.map(({ key, value }) => [textOf(key), textOf(value)]),
  );
  entries.seekToLast();
  for (const { key } of expected.toReversed()) {
    expect(textOf(entries.key)).toBe(textOf(key));
    entries.prev();
  }
  for (const { userKey } of expected) expect(reader.get(userKey)).toBeDefined();
}

function share(file: MemoryFile, sizeBytes: number, keep: readonly Span[], checkWhole = true) {
  const validate = checkWhole ? 'full' : 'lazy';
  const reader = TableReader.open(fileSystemOf(file), 'source', { sizeBytes, validate });
  return sharePart(reader, keep, file);
}

const options: fc.Arbitrary<TableOptions> = fc.record({
  compression: fc.constantFrom('snappy' as const, 'none' as const),
  bloomBitsPerKey: fc.constantFrom(0 as const, 10 as const, 10 as const),
  restartInterval: fc.constantFrom(1, 16),
});

const numbered = (count: number): Entry[] =>
  Array.from({ length: count }, (_, index) => {
    const text = `key ${String(index).padStart(6, '0')}`;
    return {
      key: internalKey(text, index + 1, 'value'),
      userKey: bytesOf(text),
      sequence: index + 1,
      type: 'value',
      value: bytesOf(`value ${index} `.repeat(10)),
    };
  });
/** A block as it is stored, with its type and checksum. */
function stored(contents: Uint8Array, type: number): Uint8Array {
  const block = Uint8Array.from([...contents, type, 0, 0, 0, 0]);
  writeFixed32(block, contents.length + 1, maskedChecksum(block.subarray(0, contents.length + 1)));
  return block;
}

const keyOf = (index: number) => bytesOf(`key ${String(index).padStart(6, '0')}`);

describe('sharePart', () => {
  it('appends a table with exactly the entries in any spans of any table, which it does not change', () => {
    fc.assert(
      fc.property(entriesOf(), options, spansOf(), fc.boolean(), (...given) => {
        const [entries, built, spans, checkWhole] = given;
        const { bytes } = tableOf(entries, built);
        const file = new MemoryFile(bytes);
        const shared = share(file, bytes.length, spans, checkWhole);
        const kept = inside(entries, spans);
        if (shared === undefined) {
          expect(kept).toEqual([]);
          expect(file.bytes.length).toBe(bytes.length);
          return;
        }
        expect(shared.sizeBytes).toBe(file.bytes.length);
        expect(textOf(shared.smallest)).toBe(textOf(kept[0]?.key ?? bytesOf('')));
        expect(textOf(shared.largest)).toBe(textOf(kept.at(-1)?.key ?? bytesOf('')));
        expectTable(file, shared.sizeBytes, kept);
        expect(textOf(file.bytes.subarray(0, bytes.length))).toBe(textOf(bytes));
        expectTable(file, bytes.length, entries);
      }),
      { numRuns: 300 },
    );
  });

  it('appends several tables to one file, also from appended ones, each identified by its size', () => {
    fc.assert(
      fc.property(
        entriesOf(),
        options,
        fc.array(fc.tuple(spansOf(), fc.nat(9), fc.boolean()), { minLength: 2, maxLength: 5 }),
        (entries, built, steps) => {
          const { bytes } = tableOf(entries, built);
          const file = new MemoryFile(bytes);
          const tables = [{ sizeBytes: bytes.length, entries: entries as readonly Entry[] }];
          for (const [spans, pick, checkWhole] of steps) {
            const source = tables[pick % tables.length];
            if (source === undefined) continue;
            const shared = share(file, source.sizeBytes, spans, checkWhole);
            if (shared === undefined) continue;
            tables.push({
              sizeBytes: shared.sizeBytes,
              entries: inside(source.entries, spans),
            });
          }
          for (const table of tables) expectTable(file, table.sizeBytes, table.entries);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('writes little more than an index, in one write', () => {
    const { bytes } = tableOf(numbered(20_000), { blockSizeBytes: 4096, compression: 'none' });
    const file = new MemoryFile(bytes);
    const shared = share(file, bytes.length, [{ start: keyOf(777), end: keyOf(19_333) }]);
    expect(shared).toMatchObject({ rebuiltBlocks: 2, rebuiltEntries: expect.any(Number) });
    expect(file.bytes.length - bytes.length).toBeLessThan(bytes.length / 20);
    expect(file.writes).toBe(1);
  });

  it('makes a table without a filter if no block is used in place', () => {
    const { bytes } = tableOf(numbered(20_000), { blockSizeBytes: 4096 });
    const file = new MemoryFile(bytes);
    const filterOf = (start: number, end: number) => {
      const shared = share(file, bytes.length, [{ start: keyOf(start), end: keyOf(end) }]);
      const sizeBytes = shared?.sizeBytes;
      const reader = TableReader.open(fileSystemOf(file), 'shared', { sizeBytes });
      expect(textOf(reader.get(keyOf(start))?.value ?? bytesOf(''))).toContain(`value ${start} `);
      return reader.filter;
    };
    expect(filterOf(777, 780)).toBeUndefined();
    expect(filterOf(777, 7777)).toBeDefined();
  });

  it('reads no block but those at the bounds', () => {
    const { bytes } = tableOf(numbered(20_000), { blockSizeBytes: 4096 });
    const file = new MemoryFile(bytes);
    const reader = TableReader.open(fileSystemOf(file), 'source');
    const opened = file.reads;
    sharePart(reader, [{ start: keyOf(777), end: keyOf(19_333) }], file);
    expect(file.reads - opened).toBeLessThan(8);
  });

  it.each([
    ['by little, and puts the new block after them', 1, true],
    ['by more than LevelDB writes, and leaves the filter out', 10_000, false],
  ])('accepts a filter whose windows end after the table %s', (_, strayWindow, isKept) => {
    const names = ['a', 'm', 'z'];
    const [first, ...others] = names.map((name) => internalKey(name, 1, 'value'));
    if (first === undefined) throw new Error('there are names');
    const blocks = [
      { keys: [first], index: first },
      { keys: others, index: internalKey('z', 1, 'value') },
    ];
    const bytes = draftTable({ blocks, filteredKeys: names, strayWindow });
    const file = new MemoryFile(bytes);
    const sizeBytes = share(file, bytes.length, [
      { start: bytesOf('a'), end: bytesOf('n') },
    ])?.sizeBytes;
    expect(sizeBytes).toBeLessThan(bytes.length + 4 * 2048);
    const reader = TableReader.open(fileSystemOf(file), 'shared', { sizeBytes });
    verifyTable(fileSystemOf(file), 'shared', { sizeBytes });
    expect(reader.filter !== undefined).toBe(isKept);
    expect(names.filter((name) => reader.get(bytesOf(name)) !== undefined)).toEqual(['a', 'm']);
  });

  it('throws an error with the cause if the size of the file cannot be read', () => {
    const { bytes } = tableOf(numbered(10));
    const broken = Object.assign(new Error('i/o error'), { code: 'EIO' });
    for (const failingCall of [1, 2]) {
      const reader = TableReader.open(fileSystemOf(bytes), 'source');
      const file = new MemoryFile(bytes);
      const sizeBytes = file.sizeBytes.bind(file);
      let calls = 0;
      file.sizeBytes = () => {
        calls += 1;
        if (calls === failingCall) throw broken;
        return sizeBytes();
      };
      expect(() => sharePart(reader, [{ start: keyOf(5), end: undefined }], file)).toThrow(
        expect.objectContaining({ code: 'SSTITCH_TABLE_IO', cause: broken, path: 'source' }),
      );
      expect(calls).toBe(failingCall);
    }
  });

  it('refuses a file to which another writer appends meanwhile', () => {
    const { bytes } = tableOf(numbered(100));
    class SharedFile extends MemoryFile {
      override write(written: Uint8Array): void {
        super.write(bytesOf('x'));
        super.write(written);
      }
    }
    const file = new SharedFile(bytes);
    expect(() => share(file, bytes.length, [{ start: keyOf(7), end: keyOf(9) }])).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_SHARED' }),
    );
    expectTable(file, bytes.length, numbered(100));
  });

  it('makes tables of which each changed byte after the earlier contents is found, or has no effect', () => {
    const entries = numbered(60);
    const { bytes } = tableOf(entries);
    const file = new MemoryFile(bytes);
    const keep = [{ start: keyOf(7), end: keyOf(49) }];
    const sizeBytes = share(file, bytes.length, keep)?.sizeBytes ?? 0;
    const kept = inside(entries, keep);
    let found = 0;
    for (let at = 0; at < file.bytes.length; at += 1) {
      const changed = new MemoryFile(Uint8Array.from(file.bytes));
      changed.bytes[at] = (changed.bytes[at] ?? 0) ^ 0x10;
      try {
        verifyTable(fileSystemOf(changed), 'changed', { sizeBytes });
      } catch (error) {
        if (!(error instanceof SstError)) throw error;
        found += 1;
        continue;
      }
      expect(at).toBeLessThan(bytes.length);
      expectTable(changed, sizeBytes, kept);
    }
    expect(found).toBeGreaterThan(file.bytes.length - bytes.length);
  });
});

describe('a reader that did not check the whole table', () => {
  const { bytes } = tableOf(numbered(2000));

  it('reads the windows and the filters of a filter block when they are needed', () => {
    const fileSystem = fileSystemOf(bytes);
    const reader = TableReader.open(fileSystem, 'source', { validate: 'lazy' });
    const { parts } = TableReader.open(fileSystem, 'source');
    expect(reader.parts.filter?.windowCount).toBe(parts.filter?.windowCount);
    expect(reader.get(keyOf(77))).toMatchObject({ sequence: 78 });
    expect(reader.get(bytesOf('none such'))).toBeUndefined();
  });

  it('reads the windows of a filter that another writer compressed', () => {
    const plain = tableOf(numbered(2000), { compression: 'none' }).bytes;
    const { footer, filter } = TableReader.open(fileSystemOf(plain), 'source').parts;
    if (filter === undefined) throw new Error('the table has a filter');
    const { offset, size } = filter.handle;
    const compressed = compressSync(plain.subarray(offset, offset + size));
    const block = stored(compressed, BLOCK_TYPE_SNAPPY);
    const handle = new Uint8Array(MAX_HANDLE_BYTES);
    const handleEnd = writeHandle(handle, 0, offset, compressed.length);
    const names = new BlockBuilder(1);
    names.append(bytesOf(FILTER_KEY), FILTER_KEY.length, 0, handle, 0, handleEnd);
    const metaindex = stored(names.finish(), BLOCK_TYPE_RAW);
    const metaindexAt = { offset: offset + block.length, size: metaindex.length - 5 };
    const indexAt = { ...footer.index, offset: metaindexAt.offset + metaindex.length };
    const index = plain.subarray(footer.index.offset, footer.index.offset + footer.index.size + 5);
    const ending = encodeFooter({ metaindex: metaindexAt, index: indexAt });
    const bytes = Uint8Array.from([
      ...plain.subarray(0, offset),
      ...block,
      ...metaindex,
      ...index,
      ...ending,
    ]);
    expect(verifyTable(fileSystemOf(bytes), 'source').entries).toBe(2000);
    const sizes = [true, false].map((checkWhole) => {
      const file = new MemoryFile(bytes);
      const spans = [{ start: keyOf(7), end: keyOf(1900) }];
      const sizeBytes = share(file, bytes.length, spans, checkWhole)?.sizeBytes ?? 0;
      expectTable(file, sizeBytes, numbered(2000).slice(7, 1900));
      return sizeBytes;
    });
    expect(sizes[1]).toBe(sizes[0]);
  });

  it('refuses to copy index entries that do not lie in order', () => {
    const table = draftTable({
      blocks: [
        { keys: [internalKey('a', 1, 'value')], index: internalKey('b', 1, 'value') },
        { keys: [internalKey('c', 1, 'value')], index: internalKey('d', 1, 'value') },
        { keys: [internalKey('e', 1, 'value')], index: internalKey('f', 1, 'value') },
      ],
    });
    const { parts } = TableReader.open(fileSystemOf(table), 'draft');
    const { offset, size } = parts.footer.index;
    const stored = table.slice(offset, offset + size);
    // Move the second restart point after the third.
    writeFixed32(stored, size - 12, readFixed32(stored, size - 8));
    const damaged = table.slice();
    damaged.set(stored, offset);
    const checked = damaged.subarray(offset, offset + size + 1);
    writeFixed32(damaged, offset + size + 1, maskedChecksum(checked));
    const first = [{ start: bytesOf(''), end: bytesOf('c') }];
    expect(() => share(new MemoryFile(damaged), damaged.length, first, false)).toThrow(
      /restart point 2 is not the start of an entry/,
    );
  });
});

describe('dataBytesIn', () => {
  it('returns how much a part would copy', () => {
    const { bytes } = tableOf(numbered(20_000), { blockSizeBytes: 4096, compression: 'none' });
    const reader = TableReader.open(fileSystemOf(bytes), 'source');
    const all = dataBytesIn(reader, [{ start: bytesOf(''), end: undefined }]);
    expect(all).toBeGreaterThan(bytes.length * 0.9);
    const half = dataBytesIn(reader, [{ start: bytesOf(''), end: keyOf(10_000) }]);
    expect(half / all).toBeCloseTo(0.5, 1);
    expect(dataBytesIn(reader, [{ start: bytesOf('z'), end: undefined }])).toBe(0);
  });
});
