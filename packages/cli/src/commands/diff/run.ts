import { syncSpans } from '@sstitch/keys';
import type { CommandContext, Run } from '../../command-line/command-context.js';
import { CliError } from '../../errors.js';
import {
  type BucketDifference,
  type Difference,
  diffBuckets,
} from '../../operations/diff-syncs.js';
import { ScanProgress } from '../../operations/scan-progress.js';
import { formatCount } from '../../output/quantities.js';
import { differenceTable } from '../../reports/difference-table.js';
import { syncIdsIn } from '../../stores/find-syncs.js';
import { type ByteReader, withReader } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { diffCommand } from './command.js';

interface SyncDifference extends Readonly<Difference> {
  readonly syncId: string;
  readonly buckets: readonly BucketDifference[];
}

export const run: Run<typeof diffCommand> = async (context, { a, b, sync }) => {
  const { signal } = context;
  const syncIds = await syncIdsIn([a, b], sync, signal);
  const checked = { verifySpans: spansOf(syncIds), signal };
  const differences = await withReader(
    a,
    (before) =>
      withReader(b, (after) => diffSyncs(context, { a, b }, before, after, syncIds), checked),
    checked,
  );
  const several = differences.length > 1;
  return {
    document: several ? differences : differences[0],
    text: differences
      .map((each) => (several ? `sync ${each.syncId}\n` : '') + differenceText(context, each))
      .join('\n'),
  };
};

async function diffSyncs(
  { progress, signal }: CommandContext,
  { a, b }: { readonly a: string; readonly b: string },
  before: ByteReader,
  after: ByteReader,
  syncIds: readonly string[],
): Promise<readonly SyncDifference[]> {
  const differences: SyncDifference[] = [];
  for (const syncId of syncIds) {
    const spans = syncSpans(syncId).map(({ span }) => span);
    const shown = new ScanProgress(before, spans, progress);
    const buckets = await diffBuckets(before, after, syncId, {
      signal,
      onPage: (at, bucket, key) => shown.reach(`comparing ${bucket}`, at, key),
    });
    const sum = (count: (line: BucketDifference) => number) =>
      buckets.reduce((total, line) => total + count(line), 0);
    const added = sum((line) => line.added);
    const removed = sum((line) => line.removed);
    const changed = sum((line) => line.changed);
    if (added + removed + changed + sum((line) => line.unchanged) === 0) {
      const message = `neither ${a} nor ${b} holds sync ${syncId}`;
      throw new CliError('SSTITCH_SYNC_NOT_FOUND', message);
    }
    differences.push({ syncId, added, removed, changed, buckets });
  }
  return differences;
}

function differenceText(
  { columns, style }: CommandContext,
  { added, removed, changed, buckets }: SyncDifference,
): string {
  const table = differenceTable(buckets, style.bold, columns);
  return `${table}${formatCount(added)} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed\n`;
}
