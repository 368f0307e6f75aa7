// Formats the difference of two syncs as a table.
import type { BucketDifference } from '../operations/diff-syncs.js';
import { formatCount } from '../output/quantities.js';
import { formatTable } from '../output/table.js';

/** Formats the buckets of a difference; omits those without entries on either side. */
export function differenceTable(
  buckets: readonly BucketDifference[],
  bold: (text: string) => string,
  columns: number,
): string {
  const shown = (count: number) => (count === 0 ? '-' : formatCount(count));
  return formatTable(
    [
      { title: 'BUCKET' },
      { title: 'ADDED', align: 'right' },
      { title: 'REMOVED', align: 'right' },
      { title: 'CHANGED', align: 'right' },
      { title: 'UNCHANGED', align: 'right' },
    ],
    buckets
      .filter(({ added, removed, changed, unchanged }) => added + removed + changed + unchanged > 0)
      .map(({ bucket, added, removed, changed, unchanged }) => [
        bucket,
        shown(added),
        shown(removed),
        shown(changed),
        shown(unchanged),
      ]),
    bold,
    columns,
  );
}
