// Describes changes in sentences: "12 users gained admin on Production DB: Ann, Bob, Cay and 9 more".

import type { CountedBucket } from '@sstitch/records';
import type { SyncInput } from '../diff/diff-syncs.js';
import type { ChangeKind, RecordChange } from '../diff/record-change.js';
import { ChangeGroups, type UngroupedChanges } from './change-groups.js';
import { RecordNames } from './record-names.js';
import { countOf, NOUNS, sentenceOf } from './sentences.js';

/** Options of {@link describeChanges}. */
export interface DescribeChangesOptions {
  /** The compared syncs, in which names are looked up. */
  readonly before: SyncInput;
  /** The later of the two syncs, for the names of what was added or changed. */
  readonly after: SyncInput;
  /** The most sentences; changes that they leave out are counted. @defaultValue 50 */
  readonly limit?: number | undefined;
}

/** A sentence and the changes that it describes. */
export interface ChangeSentence {
  /** The bucket of the records. */
  readonly bucket: CountedBucket;
  /** What happened to the records. */
  readonly kind: ChangeKind;
  /** The number of records. */
  readonly count: number;
  /** The sentence without a full stop. Names are verbatim: escape them for a terminal or a page. */
  readonly text: string;
}

const DEFAULT_LIMIT = 50;
/** The order of sentences: what users ask about comes first. */
const ORDER: readonly CountedBucket[] = [
  'grant',
  'resource',
  'entitlement',
  'resource_type',
  'asset',
];

/**
 * Reads all changes and describes them in sentences: grants first, then resources, entitlements, resource types and
 * assets, each with the largest group first. Memory is bounded: it keeps at most ten thousand groups and three members
 * of each.
 *
 * @throws errors of reading the changes; RecordsError SSTITCH_RECORD_UNDECODABLE
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

/** Counts the changes without a sentence of their own, by bucket and kind. */
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
