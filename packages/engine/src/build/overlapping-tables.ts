// Decides which tables of several runs have to be merged to form one run of a span: those that overlap others or
// straddle a bound of the span. It touches no file.

import { compareBytes, keyAfter, type Span } from '@sstitch/contract';
import { userKeyOf } from '@sstitch/sst';
import type { TableFile, TableRun } from '../tables/table-set.js';

/** A range of keys: a table to keep, as it overlaps no other, or runs to merge within a part of the span. */
export type OverlapRange =
  | { readonly kind: 'keep'; readonly table: TableFile }
  | { readonly kind: 'merge'; readonly part: Span; readonly runs: readonly TableRun[] };

/** The size of the tables of a part. Parts are merged by several threads. */
const PART_BYTES = 16 * 1024 * 1024;

/** The part of a table that lies in the span. */
interface RankedTable {
  readonly table: TableFile;
  readonly run: number;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly isWhole: boolean;
}

/** Returns the ranges of a span in key order, which cover all entries of the runs in the span. */
export function overlapRanges(runs: readonly TableRun[], span: Span): OverlapRange[] {
  const tables = runs
    .flatMap((run, rank) => run.flatMap((table) => inSpan(table, rank, span)))
    .sort((a, b) => compareBytes(a.start, b.start));
  const ranges: OverlapRange[] = [];
  for (let from = 0; from < tables.length; ) {
    const first = tables[from] as RankedTable;
    let { end } = first;
    let to = from + 1;
    for (; to < tables.length; to++) {
      const next = tables[to] as RankedTable;
      if (compareBytes(next.start, end) >= 0) break;
      if (compareBytes(next.end, end) > 0) end = next.end;
    }
    if (to - from === 1 && first.isWhole) ranges.push({ kind: 'keep', table: first.table });
    else ranges.push(...partsOf(tables.slice(from, to), end));
    from = to;
  }
  return ranges;
}

function inSpan(table: TableFile, run: number, span: Span): RankedTable[] {
  const smallest = userKeyOf(table.smallest);
  const afterLargest = keyAfter(userKeyOf(table.largest));
  const startsInside = compareBytes(smallest, span.start) >= 0;
  const endsInside = span.end === undefined || compareBytes(afterLargest, span.end) <= 0;
  const start = startsInside ? smallest : span.start;
  const end = endsInside ? afterLargest : (span.end as Uint8Array);
  if (compareBytes(start, end) >= 0) return [];
  return [{ table, run, start, end, isWhole: startsInside && endsInside }];
}

/** Divides overlapping tables into parts, at the first keys of tables. */
function partsOf(tables: readonly RankedTable[], end: Uint8Array): OverlapRange[] {
  const bounds = [(tables[0] as RankedTable).start];
  let bytes = 0;
  for (const { start, table } of tables) {
    if (bytes >= PART_BYTES && compareBytes(start, bounds.at(-1) as Uint8Array) > 0) {
      bounds.push(start);
      bytes = 0;
    }
    bytes += table.sizeBytes;
  }
  return bounds.map((start, index) => {
    const partEnd = bounds[index + 1] ?? end;
    const inPart = tables.filter(
      (table) => compareBytes(table.start, partEnd) < 0 && compareBytes(table.end, start) > 0,
    );
    const byRun = new Map<number, TableFile[]>();
    for (const { run, table } of inPart) byRun.set(run, [...(byRun.get(run) ?? []), table]);
    return { kind: 'merge', part: { start, end: partEnd }, runs: [...byRun.values()] };
  });
}
