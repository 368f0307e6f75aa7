// Which tables of several runs must be merged to become one run: those that overlap others. Pure.

import { compareBytes, keyAfter, type Span } from '@sstitch/contract';
import { userKeyOf } from '@sstitch/sst';
import type { TableFile, TableRun } from '../tables/table-set.js';

/** A range of the keys: a table that overlaps no other, or runs to merge in a part. */
export type OverlapRange =
  | { readonly kind: 'keep'; readonly table: TableFile }
  | { readonly kind: 'merge'; readonly part: Span; readonly runs: readonly TableRun[] };

/** Parts to merge end once their tables come to so many bytes, so that threads share them. */
const PART_BYTES = 16 * 1024 * 1024;

interface RankedTable {
  readonly table: TableFile;
  readonly run: number;
  readonly start: Uint8Array;
  readonly largest: Uint8Array;
}

/** The ranges in key order; all that is in the runs is in one of them. */
export function overlapRanges(runs: readonly TableRun[]): OverlapRange[] {
  const tables = runs
    .flatMap((run, rank) =>
      run.map((table): RankedTable => {
        const [start, largest] = [userKeyOf(table.smallest), userKeyOf(table.largest)];
        return { table, run: rank, start, largest };
      }),
    )
    .sort((a, b) => compareBytes(a.start, b.start));
  const ranges: OverlapRange[] = [];
  for (let from = 0; from < tables.length; ) {
    const first = tables[from] as RankedTable;
    let { largest } = first;
    let to = from + 1;
    for (; to < tables.length; to++) {
      const next = tables[to] as RankedTable;
      if (compareBytes(next.start, largest) > 0) break;
      if (compareBytes(next.largest, largest) > 0) largest = next.largest;
    }
    if (to - from === 1) ranges.push({ kind: 'keep', table: first.table });
    else ranges.push(...partsOf(tables.slice(from, to), largest));
    from = to;
  }
  return ranges;
}

/** Parts tables that overlap, where tables begin. */
function partsOf(tables: readonly RankedTable[], largest: Uint8Array): OverlapRange[] {
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
    const end = bounds[index + 1] ?? keyAfter(largest);
    const inPart = tables.filter(
      (table) => compareBytes(table.start, end) < 0 && compareBytes(table.largest, start) >= 0,
    );
    const byRun = new Map<number, TableFile[]>();
    for (const { run, table } of inPart) byRun.set(run, [...(byRun.get(run) ?? []), table]);
    return { kind: 'merge', part: { start, end }, runs: [...byRun.values()] };
  });
}
