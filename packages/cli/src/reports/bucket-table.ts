// Formats what a compaction brought into each bucket as a table.
import type { BucketLine } from '../operations/compaction-document.js';
import { formatBytes, formatCount } from '../output/quantities.js';
import { formatTable } from '../output/table.js';

/** Formats the lines of the buckets as a table; omits buckets into which nothing came. */
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
      { title: 'SPLIT', align: 'right' },
      { title: 'BUILT', align: 'right' },
    ],
    filled.map((line) => [
      ...nameOf(line),
      line.bucket,
      formatCount(line.tables),
      // Between two file systems a link becomes a copy; of a virtual table only the index is new.
      bytes(line.linkedBytes + line.copiedBytes + line.sharedBytes),
      bytes(line.splitBytes),
      bytes(line.builtBytes),
    ]),
    bold,
    columns,
  );
}
