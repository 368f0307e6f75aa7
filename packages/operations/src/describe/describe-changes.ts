// Changes in sentences: "12 users gained admin on Production DB: Ann, Bob, Cay and 9 more".

import type { CountedBucket } from '@sstitch/records';
import type { SyncInput } from '../diff/diff-syncs.js';
import type { ChangeKind, RecordChange } from '../diff/record-change.js';
import { ChangeGroups, type UngroupedChanges } from './change-groups.js';
import { RecordNames } from './record-names.js';
import { countOf, NOUNS, sentenceOf } from './sentences.js';

/** Options of {@link describeChanges}. */
export interface DescribeChangesOptions {
  /** Where names are looked up: what was compared. */
  readonly before: SyncInput;
  readonly after: SyncInput;
  /** Sentences at most; what they leave out is counted. @defaultValue 50 */
  readonly limit?: number | undefined;
}

/** A sentence and what it is about. */
export interface ChangeSentence {
  readonly bucket: CountedBucket;
  readonly kind: ChangeKind;
  /** How many records it is about. */
  readonly count: number;
  /** Without a full stop. Names are as the records have them: escape them for a terminal or a page. */
  readonly text: string;
}

const DEFAULT_LIMIT = 50;
/** What people ask about first. */
const ORDER: readonly CountedBucket[] = [
  'grant',
  'resource',
  'entitlement',
  'resource_type',
  'asset',
];

/**
 * Reads all changes, and tells them in sentences: those about grants first, then resources, entitlements, resource
 * types and assets; of each the largest group first. Memory is bounded: ten thousand groups are told apart, and three
 * members of each are named.
 *
 * @throws what reading the changes throws; RecordsError SSTITCH_RECORD_UNDECODABLE
 */
export async function describeChanges(
  changes: AsyncIterable<RecordChange>,
  { before, after, limit = DEFAULT_LIMIT }: DescribeChangesOptions,
): Promise<readonly ChangeSentence[]> {
  const grouped = new ChangeGroups();
  for await (const change of changes) grouped.add(change);
  const names = new RecordNames([after, before]);
  const groups = grouped
    .groups()
    .toSorted((a, b) => ORDER.indexOf(a.bucket) - ORDER.indexOf(b.bucket));
  const sentences: ChangeSentence[] = [];
  for (const group of groups.slice(0, limit)) {
    const { bucket, kind, count } = group;
    sentences.push({ bucket, kind, count, text: await sentenceOf(group, names) });
  }
  return [...sentences, ...restOf(groups.slice(limit), grouped.ungrouped())];
}

/** What no sentence of its own tells, by bucket and kind. */
function restOf(
  groups: readonly UngroupedChanges[],
  ungrouped: readonly UngroupedChanges[],
): readonly ChangeSentence[] {
  const rest = new Map<string, UngroupedChanges>();
  for (const { bucket, kind, count } of [...groups, ...ungrouped]) {
    const key = `${bucket} ${kind}`;
    const sum = rest.get(key) ?? { bucket, kind, count: 0 };
    sum.count += count;
    rest.set(key, sum);
  }
  return [...rest.values()].map(({ bucket, kind, count }) => ({
    bucket,
    kind,
    count,
    text: `${countOf(count, `more ${NOUNS[bucket]}`)} ${kind}`,
  }));
}
