import { compareBytes, type Span } from '@sstitch/contract';
import { makeInternalKey, userKeyOf } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import type { TableFile } from '../tables/table-set.js';
import { overlapRanges } from './overlapping-tables.js';

const MIB = 2 ** 20;

/** Makes a table of keys: 'b-d' has the keys from b to d. */
function table(bounds: string, sizeBytes = MIB): TableFile {
  const [from = '', to = from] = bounds.split('-');
  const key = (text: string) => makeInternalKey(Buffer.from(text), 1, 'value');
  return { path: bounds, sizeBytes, smallest: key(from), largest: key(to), origin: 'built' };
}

const ALL: Span = { start: new Uint8Array(0), end: undefined };

/** Formats ranges: kept tables by name, and parts to merge by their bounds and runs. */
function ranges(runs: TableFile[][], span = ALL): string[] {
  const text = (bytes: Uint8Array | undefined) => JSON.stringify(String(Buffer.from(bytes ?? [])));
  return overlapRanges(runs, span).map((range) =>
    range.kind === 'keep'
      ? range.table.path
      : `[${text(range.part.start)}, ${text(range.part.end)}) ` +
        range.runs.map((run) => run.map(({ path }) => path).join(' ')).join(' + '),
  );
}

describe('tables of several runs', () => {
  test('are kept if they overlap nothing, in any run', () => {
    expect(ranges([])).toEqual([]);
    expect(ranges([[table('c-d'), table('g-h')], [table('a-b')], [table('e-f')]])).toEqual(
      ...[['a-b', 'c-d', 'e-f', 'g-h']],
    );
  });

  test('are merged only with those that they overlap', () => {
    expect(
      ranges([
        [table('a-b'), table('c-f')],
        [table('e-g'), table('h-k')],
      ]),
    ).toEqual(['a-b', '["c", "g\\u0000") c-f + e-g', 'h-k']);
  });

  test('overlap if they share one key, or through a third table', () => {
    expect(ranges([[table('a-c'), table('e-g')], [table('c-e')]])).toEqual([
      '["a", "g\\u0000") a-c e-g + c-e',
    ]);
  });

  test('that straddle a bound of the span are merged within the span', () => {
    const span = { start: Buffer.from('c'), end: Buffer.from('h') };
    const runs = [[table('a-b'), table('b-d'), table('e-f'), table('g-i')], [table('c-c')]];
    expect(ranges(runs, span)).toEqual(['["c", "d\\u0000") b-d + c-c', 'e-f', '["g", "h") g-i']);
  });

  test('are divided at first keys of tables, for several threads', () => {
    const long = [table('a-c', 10 * MIB), table('d-f', 10 * MIB), table('g-i', 10 * MIB)];
    expect(ranges([long, [table('b-h')]])).toEqual([
      '["a", "g") a-c d-f + b-h',
      '["g", "i\\u0000") b-h + g-i',
    ]);
  });

  test('have every key in exactly one range', () => {
    const runs = Array.from({ length: 5 }, (_, run) =>
      Array.from({ length: 8 }, (_, at) => {
        const from = String(at * 100 + run * 13).padStart(4, '0');
        const to = String(at * 100 + run * 13 + (at % 3) * 40).padStart(4, '0');
        return table(`${from}-${to}`, 5 * MIB);
      }),
    );
    let before: Uint8Array = new Uint8Array(0);
    const seen = new Set<TableFile>();
    for (const range of overlapRanges(runs, ALL)) {
      const isKept = range.kind === 'keep';
      const start = isKept ? userKeyOf(range.table.smallest) : range.part.start;
      expect(compareBytes(before, start)).toBeLessThanOrEqual(0);
      const largest = isKept ? userKeyOf(range.table.largest) : range.part.end;
      before = Buffer.concat([largest ?? new Uint8Array(0), Buffer.alloc(isKept ? 1 : 0)]);
      for (const one of isKept ? [range.table] : range.runs.flat()) seen.add(one);
    }
    expect(seen).toEqual(new Set(runs.flat()));
  });
});
