// Computes what a compaction would change, by bucket.
import { syncSpans } from '@sstitch/keys';
import type { CommandContext } from '../../command-line/command-context.js';
import { type BucketDifference, diffBuckets } from '../../operations/diff-syncs.js';
import { ScanProgress } from '../../operations/scan-progress.js';
import { formatCount } from '../../output/quantities.js';
import { differenceTable } from '../../reports/difference-table.js';
import type { ByteReader, ByteStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';

/** The planned changes of a sync, for --json. */
export interface PlannedDifference {
  readonly syncId: string;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly buckets: readonly BucketDifference[];
}

/** Compares the syncs entry by entry, after verifying checksums. */
export async function plannedDifferences(
  { progress, signal }: CommandContext,
  base: ByteStore,
  source: ByteStore | ByteReader,
  syncIds: readonly string[],
): Promise<readonly PlannedDifference[]> {
  const differences: PlannedDifference[] = [];
  for (const syncId of syncIds) {
    for (const store of [base, source]) await store.verifySpans(spansOf([syncId]), { signal });
    const spans = syncSpans(syncId).map(({ span }) => span);
    const shown = new ScanProgress(base, spans, progress);
    const buckets = await diffBuckets(base, source, syncId, {
      signal,
      onPage: (at, key) => shown.reach('comparing', at, key),
    });
    const sum = (of: 'added' | 'removed' | 'changed') =>
      buckets.reduce((total, line) => total + line[of], 0);
    differences.push({
      ...{ syncId, added: sum('added'), removed: sum('removed'), changed: sum('changed') },
      buckets,
    });
  }
  return differences;
}

/** Formats the differences as tables. */
export function plannedDifferenceText(
  { columns, style }: CommandContext,
  differences: readonly PlannedDifference[],
): string {
  const several = differences.length > 1;
  return differences
    .map(
      ({ syncId, added, removed, changed, buckets }) =>
        (several ? `sync ${syncId}\n` : '') +
        differenceTable(buckets, style.bold, columns) +
        `would add ${formatCount(added)}, remove ${formatCount(removed)} and change ` +
        `${formatCount(changed)} entries\n`,
    )
    .join('');
}
