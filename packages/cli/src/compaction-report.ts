// What compact and drop tell: the same shape for both.
import { type CommitReport, compareBytes } from '@sstitch/contract';
import { syncSpans, syncSpansInKeyOrder } from '@sstitch/keys';
import { formatBytes, formatCount, roundMs } from './output/quantities.js';
import { formatTable } from './output/table.js';

/** One sync in one bucket, for --json. */
export interface BucketLine {
  readonly syncId: string;
  readonly bucket: string;
  /** Tables of all kinds that were put in. */
  readonly tables: number;
  readonly linkedBytes: number;
  readonly copiedBytes: number;
  readonly splitBytes: number;
  readonly sharedBytes: number;
  readonly builtBytes: number;
  /** Entries written and deleted one by one: strategy `batch` alone. */
  readonly puts: number;
  readonly deletes: number;
}

/** A compaction for --json. */
export interface CompactionDocument {
  readonly syncs: readonly string[];
  readonly strategy: string;
  /** The store's new generation; null where none was made. */
  readonly generation: number | null;
  readonly buckets: readonly BucketLine[];
  readonly durationMs: number;
  readonly pauseMs: number;
}

/** The lines of a commit that put nothing in. */
export function emptyBuckets(syncIds: readonly string[]): BucketLine[] {
  return syncIds.flatMap((syncId) =>
    syncSpans(syncId).map(({ bucket }) => ({
      syncId,
      bucket,
      tables: 0,
      linkedBytes: 0,
      copiedBytes: 0,
      splitBytes: 0,
      sharedBytes: 0,
      builtBytes: 0,
      puts: 0,
      deletes: 0,
    })),
  );
}

/** All spans of some syncs, in key order, as the engine wants them. */
export function spansOf(syncIds: readonly string[]) {
  return syncIds
    .flatMap((syncId) => syncSpansInKeyOrder(syncId).map(({ span }) => span))
    .sort((a, b) => compareBytes(a.start, b.start));
}

/** The document of an excision. */
export function excisionDocument(
  syncIds: readonly string[],
  report: CommitReport,
  durationMs: number,
): CompactionDocument {
  return {
    syncs: syncIds,
    strategy: 'excise',
    generation: report.generation,
    buckets: emptyBuckets(syncIds),
    durationMs: roundMs(durationMs),
    pauseMs: roundMs(report.pauseMs),
  };
}

/** A table of what came into each bucket; buckets that nothing came into are left out. */
export function bucketTable(
  buckets: readonly BucketLine[],
  bold: (text: string) => string,
  columns: number,
): string {
  const isBatch = buckets.some(({ puts, deletes }) => puts + deletes > 0);
  const filled = buckets.filter(({ tables, puts, deletes }) => tables + puts + deletes > 0);
  if (filled.length === 0) return '';
  const several = new Set(buckets.map(({ syncId }) => syncId)).size > 1;
  const syncColumn = several ? [{ title: 'SYNC' }] : [];
  const nameOf = (line: BucketLine) => (several ? [line.syncId.slice(0, 8)] : []);
  if (isBatch) {
    return formatTable(
      [
        ...syncColumn,
        { title: 'BUCKET' },
        { title: 'PUTS', align: 'right' },
        { title: 'DELETES', align: 'right' },
      ],
      filled.map((line) => [
        ...nameOf(line),
        line.bucket,
        formatCount(line.puts),
        formatCount(line.deletes),
      ]),
      bold,
      columns,
    );
  }
  const bytes = (value: number) => (value === 0 ? '-' : formatBytes(value));
  return formatTable(
    [
      ...syncColumn,
      { title: 'BUCKET' },
      { title: 'TABLES', align: 'right' },
      { title: 'LINKED', align: 'right' },
      { title: 'SLICED', align: 'right' },
      { title: 'BUILT', align: 'right' },
    ],
    filled.map((line) => [
      ...nameOf(line),
      line.bucket,
      formatCount(line.tables),
      // A copy is what a link becomes between two file systems; a virtual table is linked but for its index.
      bytes(line.linkedBytes + line.copiedBytes + line.sharedBytes),
      bytes(line.splitBytes),
      bytes(line.builtBytes),
    ]),
    bold,
    columns,
  );
}
