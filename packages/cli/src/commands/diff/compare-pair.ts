// Computes the difference of two syncs in the form that the command reports.
import { syncSpans } from '@sstitch/keys';
import { describeChanges } from '@sstitch/operations';
import type { CommandContext } from '../../command-line/command-context.js';
import {
  type BucketDifference,
  checkedUnsharedSpans,
  type Difference,
  diffBuckets,
} from '../../operations/diff-syncs.js';
import { ScanProgress } from '../../operations/scan-progress.js';
import { isThere, recordChanges, type SyncPair, verifyPair } from './compare-records.js';

export type { SyncPair } from './compare-records.js';

/** A sentence about some changes. */
export interface Sentence {
  readonly bucket: string;
  readonly change: string;
  /** The number of records that it describes. */
  readonly count: number;
  readonly text: string;
}

/** The difference of two syncs, for --json. */
export interface SyncDifference extends Readonly<Difference> {
  readonly syncId: string;
  /** The id of the other sync, if it differs. */
  readonly to?: string;
  readonly buckets: readonly BucketDifference[];
  readonly sentences: readonly Sentence[];
}

/** Compares two syncs; undefined if neither exists. */
export async function comparePair(
  context: CommandContext,
  pair: SyncPair,
  limit: number,
): Promise<SyncDifference | undefined> {
  if (!(await isThere(context, pair))) return undefined;
  const { syncId, to } = pair;
  if (syncId !== to) {
    await verifyPair(context, pair);
    const { buckets, sentences } = await compareRecords(context, pair, limit);
    return { syncId, to, ...sumOf(buckets), buckets, sentences };
  }
  const buckets = await compareEntries(context, pair);
  const sum = sumOf(buckets);
  // Without sentences there is nothing to read again.
  const isTold = limit === 0 || sum.added + sum.removed + sum.changed === 0;
  const sentences = isTold ? [] : (await compareRecords(context, pair, limit)).sentences;
  return { syncId, ...sum, buckets, sentences };
}

/** Compares every entry of a sync, including index entries. */
async function compareEntries(
  { progress, signal }: CommandContext,
  { before, after, syncId }: SyncPair,
): Promise<readonly BucketDifference[]> {
  const unshared = await checkedUnsharedSpans(before, after, syncId, signal);
  const spans = syncSpans(syncId).map(({ span }) => span);
  const shown = new ScanProgress(before, spans, progress);
  return diffBuckets(before, after, syncId, {
    signal,
    unshared,
    onPage: (at, key) => shown.reach('comparing', at, key),
  });
}

async function compareRecords(
  context: CommandContext,
  pair: SyncPair,
  limit: number,
): Promise<Pick<SyncDifference, 'buckets' | 'sentences'>> {
  const changes = await recordChanges(context, pair);
  const described = await describeChanges(changes, {
    before: { engine: pair.before, syncId: pair.syncId },
    after: { engine: pair.after, syncId: pair.to },
    limit,
  });
  return {
    buckets: Object.entries(changes.counts).map(([bucket, counts]) => ({
      bucket: bucket as BucketDifference['bucket'],
      ...counts,
    })),
    sentences: (limit === 0 ? [] : described).map(({ bucket, kind, count, text }) => ({
      ...{ bucket, change: kind, count, text },
    })),
  };
}

function sumOf(buckets: readonly BucketDifference[]): Difference {
  const sum = { added: 0, removed: 0, changed: 0 };
  for (const { added, removed, changed } of buckets) {
    sum.added += added;
    sum.removed += removed;
    sum.changed += changed;
  }
  return sum;
}
