import { type Span, spanContains } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, entriesOf, spansOf } from '../../test/arbitraries.js';
import {
  bytesOf,
  fileSystemOf,
  internalKey,
  MemoryFile,
  pseudoRandomBytes,
  remaining,
  textOf,
} from '../../test/entries.js';
import { partOf, readerOf, tableOf } from '../../test/tables.js';
import type { TableOptions } from '../table/table-options.js';
import { verifyTable } from '../verify/verify-table.js';
import { sharePart } from './share-part.js';

const inside = (entries: readonly Entry[], spans: readonly Span[]) =>
  entries.filter(({ userKey }) => spans.some((span) => spanContains(span, userKey)));

/** Expects that a part holds exactly the entries, verifies, reports its bounds, and finds each key by get. */
function expectPart(part: ReturnType<typeof partOf>, expected: readonly Entry[]): void {
  if (expected.length === 0) {
    expect(part).toBeUndefined();
    return;
  }
  if (part === undefined) throw new Error('the part has entries, but none was made');
  const { bytes, properties } = part;
  const verified = verifyTable(fileSystemOf(bytes), 'part');
  expect(properties).toMatchObject({
    sizeBytes: verified.sizeBytes,
    smallest: verified.smallest,
    largest: verified.largest,
  });
  expect(verified.smallest).toEqual(expected[0]?.key);
  expect(verified.largest).toEqual(expected.at(-1)?.key);
  if (properties.entries !== undefined) {
    expect(properties.entries).toBe(expected.length);
    expect(properties.largestSequence).toBe(verified.largestSequence);
  }
  const reader = readerOf(bytes);
  const iterator = reader.iterator();
  iterator.seekToFirst();
  expect(remaining(iterator)).toEqual(
    expected.map(({ key, value }) => [textOf(key), textOf(value)]),
  );
  for (const { userKey } of expected) expect(reader.get(userKey)).toBeDefined();
  expect(properties.copiedBlocks + properties.rebuiltBlocks).toBe(reader.blockHandles().length);
}

const options: fc.Arbitrary<TableOptions> = fc.record({
  compression: fc.constantFrom('snappy' as const, 'none' as const),
  bloomBitsPerKey: fc.constantFrom(0 as const, 10 as const, 10 as const),
  restartInterval: fc.constantFrom(1, 16),
});

describe('copyPart', () => {
  it('keeps exactly the entries inside the spans, for any table and any spans', () => {
    fc.assert(
      fc.property(entriesOf(), options, spansOf(), (entries, built, spans) => {
        const { bytes } = tableOf(entries, built);
        expectPart(partOf(bytes, spans), inside(entries, spans));
      }),
      { numRuns: 300 },
    );
  });

  it('copies a part of a part as it copies a part of a table', () => {
    fc.assert(
      fc.property(entriesOf(), options, spansOf(), spansOf(), (entries, built, first, second) => {
        const once = partOf(tableOf(entries, built).bytes, first);
        if (once === undefined) return;
        expectPart(partOf(once.bytes, second), inside(inside(entries, first), second));
      }),
      { numRuns: 300 },
    );
  });

  it('copies a part of a virtual table, some of whose blocks have no filter', () => {
    fc.assert(
      fc.property(entriesOf(), options, spansOf(), spansOf(), (entries, built, first, second) => {
        const file = new MemoryFile(tableOf(entries, built).bytes);
        const shared = sharePart(readerOf(file.bytes), first, file);
        if (shared === undefined) return;
        expectPart(partOf(file.bytes, second), inside(inside(entries, first), second));
      }),
      { numRuns: 300 },
    );
  });

  const numbered = (count: number, makeValue: (index: number) => Uint8Array): Entry[] =>
    Array.from({ length: count }, (_, index) => {
      const text = `key ${String(index).padStart(6, '0')}`;
      return {
        key: internalKey(text, index + 1, 'value'),
        userKey: bytesOf(text),
        sequence: index + 1,
        type: 'value',
        value: makeValue(index),
      };
    });
  const keyOf = (index: number) => bytesOf(`key ${String(index).padStart(6, '0')}`);

  it('carries over any number of filters', () => {
    const entries = numbered(30_000, (index) => pseudoRandomBytes(index, 20));
    const spans = [{ start: keyOf(5), end: keyOf(29_990) }];
    expectPart(partOf(tableOf(entries).bytes, spans), inside(entries, spans));
  });

  it('decodes only the blocks at the bounds, and copies the others byte for byte', () => {
    const entries = numbered(5000, (index) => pseudoRandomBytes(index, 100));
    const source = tableOf(entries, { compression: 'none', blockSizeBytes: 4096 }).bytes;
    const spans = [
      { start: keyOf(1111), end: keyOf(2222) },
      { start: keyOf(3333), end: keyOf(4444) },
    ];
    const part = partOf(source, spans);
    expectPart(part, inside(entries, spans));
    expect(part?.properties.rebuiltBlocks).toBe(4);
    const sourceReader = readerOf(source);
    const stored = (bytes: Uint8Array, handle: { offset: number; size: number }) =>
      textOf(bytes.subarray(handle.offset, handle.offset + handle.size + 5));
    const known = new Set(sourceReader.blockHandles().map((handle) => stored(source, handle)));
    const handles = readerOf(part?.bytes ?? source).blockHandles();
    const copied = handles.filter((handle) => known.has(stored(part?.bytes ?? source, handle)));
    expect(copied.length).toBe(part?.properties.copiedBlocks);
    expect(copied.length).toBe(handles.length - 4);
  });

  it('adds less than 4 KiB of padding for each span, and keeps the filters as selective', () => {
    const entries = numbered(5000, (index) => pseudoRandomBytes(index, 100));
    const source = tableOf(entries, { blockSizeBytes: 4096 }).bytes;
    const spans = Array.from({ length: 10 }, (_, index) => ({
      start: keyOf(index * 500 + 7),
      end: keyOf(index * 500 + 307),
    }));
    const part = partOf(source, spans);
    expectPart(part, inside(entries, spans));
    const reader = readerOf(part?.bytes ?? source);
    const used = reader.blockHandles().reduce((sum, { size }) => sum + size + 5, 0);
    const dataEnd = reader.parts.filter?.handle.offset ?? 0;
    expect(dataEnd - used).toBeLessThan(spans.length * 4096);
    expect(part?.bytes.length).toBeLessThan(source.length);
    const { filter, parts } = reader;
    const { index } = parts;
    let maybe = 0;
    for (let block = 0; block < index.blockCount; block += 1) {
      for (let probe = 0; probe < 100; probe += 1) {
        if (filter?.mayMatch(index.offsetOf(block), (probe * 0x9e3779b1) >>> 0)) maybe += 1;
      }
    }
    expect(maybe / (index.blockCount * 100)).toBeLessThan(0.03);
  });

  it('leaves no byte of an excised entry in the file', () => {
    const marker = 'excised';
    for (const compression of ['none', 'snappy'] as const) {
      const entries = numbered(3000, (index) =>
        index % 1000 < 500 ? pseudoRandomBytes(index, 60) : bytesOf(`${marker} ${index}`),
      );
      const source = tableOf(entries, { compression }).bytes;
      const spans = [0, 1000, 2000].map((from) => ({ start: keyOf(from), end: keyOf(from + 500) }));
      const part = partOf(source, spans, { compression: 'none' });
      expectPart(part, inside(entries, spans));
      const text = textOf(part?.bytes ?? source);
      expect(text).not.toContain(marker);
      for (const from of [500, 1500, 2500]) expect(text).not.toContain(`key 00${from}`);
    }
  });

  it('keeps all versions of a user key together', () => {
    const versions = Array.from({ length: 300 }, (_, index): Entry => {
      const sequence = 1000 - index;
      const userKey = bytesOf('same');
      const value = pseudoRandomBytes(index, 90);
      return {
        key: internalKey('same', sequence, 'value'),
        userKey,
        sequence,
        type: 'value',
        value,
      };
    });
    const { bytes } = tableOf(versions);
    const below = [{ start: bytesOf(''), end: bytesOf('same') }];
    expectPart(partOf(bytes, below), []);
    const at = [{ start: bytesOf('same'), end: bytesOf('same\0') }];
    expectPart(partOf(bytes, at), versions);
    expectPart(partOf(bytes, [{ start: bytesOf('same\0'), end: undefined }]), []);
  });

  it('rebuilds a small block of long keys as several, each of bounded size', () => {
    const beginning = 'k'.repeat(8000);
    const entries = Array.from({ length: 400 }, (_, index): Entry => {
      const text = beginning + String(index).padStart(4, '0');
      const key = internalKey(text, 1, 'value');
      return { key, userKey: bytesOf(text), sequence: 1, type: 'value', value: bytesOf('') };
    });
    const { bytes } = tableOf(entries, { restartInterval: 1024, blockSizeBytes: 64 * 1024 });
    const sizesIn = (table: Uint8Array) =>
      readerOf(table)
        .blockHandles()
        .map(({ size }) => size);
    expect(sizesIn(bytes)).toHaveLength(1);
    const spans = [{ start: entries[1]?.userKey ?? bytesOf(''), end: undefined }];
    // Every entry of the part has its full key: 3.2 MB in all.
    const options = { restartInterval: 1, compression: 'none' } as const;
    const part = partOf(bytes, spans, options);
    expectPart(part, inside(entries, spans));
    const file = new MemoryFile(bytes);
    const shared = sharePart(readerOf(bytes), spans, file, options);
    expect(shared).toMatchObject({ entries: 399, copiedBlocks: 0, rebuiltEntries: 399 });
    expect(verifyTable(fileSystemOf(file), 'shared').entries).toBe(399);
    for (const table of [part?.bytes ?? bytes, file.bytes]) {
      expect(sizesIn(table).length).toBeGreaterThan(2);
      expect(Math.max(...sizesIn(table))).toBeLessThan(1.1 * 2 ** 20);
    }
  });

  it('makes no file without spans, and refuses spans that are not sorted and disjoint', () => {
    const { bytes } = tableOf(numbered(10, () => bytesOf('value')));
    expect(partOf(bytes, [])).toBeUndefined();
    const overlapping = [
      { start: keyOf(1), end: keyOf(5) },
      { start: keyOf(4), end: keyOf(8) },
    ];
    expect(() => partOf(bytes, overlapping)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_OPTIONS' }),
    );
  });

  it('does not copy a block whose checksum is wrong', () => {
    const { bytes } = tableOf(numbered(2000, (index) => pseudoRandomBytes(index, 60)));
    const damaged = bytes.slice();
    damaged[60_000] = (damaged[60_000] ?? 0) ^ 4;
    expect(() => partOf(damaged, [{ start: bytesOf(''), end: undefined }])).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TABLE_CORRUPT', path: 'table' }),
    );
  });
});
