// The result, the plan and the progress events of a compaction.
import type { PurgeReport } from '@sstitch/contract';
import type { Bucket } from '@sstitch/keys';

/**
 * How the base is changed.
 * - `link`: link the source's tables into the base, and split those that straddle a bound.
 * - `rebuild`: build new tables from the source's entries.
 * - `batch`: write the difference in one batch.
 */
export type Strategy = 'link' | 'rebuild' | 'batch';

/** Numbers of tables, by how they were made. */
export interface TableCounts {
  /** Hard links to the source's tables. */
  readonly linked: number;
  /** Copies of the source's tables, which could not be linked: source and base are on different file systems. */
  readonly copied: number;
  /** Parts of tables that were copied into files of their own, as the tables straddle a bound of the sync. */
  readonly split: number;
  /** Virtual tables: parts that share a table's file, to which only an index was appended. */
  readonly shared: number;
  /** Tables that were built from entries. */
  readonly built: number;
}

/** The change of one sync in one bucket. */
export interface BucketResult {
  /** The sync that was replaced, in text form. */
  readonly syncId: string;
  /** The bucket whose span was replaced. */
  readonly bucket: Bucket;
  /** The tables; all zero with the strategy `batch`. */
  readonly tables: TableCounts;
  /** The size of linked tables. */
  readonly linkedBytes: number;
  /** The size of copied tables. */
  readonly copiedBytes: number;
  /** The size of parts that were split into files of their own. */
  readonly splitBytes: number;
  /** The size of virtual tables. */
  readonly sharedBytes: number;
  /** The size of tables built from entries. */
  readonly builtBytes: number;
  /** The number of entries written, with the strategy `batch`. */
  readonly puts: number;
  /** The number of entries deleted, with the strategy `batch`. */
  readonly deletes: number;
}

/** The approximate size of a bucket on disk before the compaction, without memtables. */
export interface BucketSize {
  /** The sync to replace, in text form. */
  readonly syncId: string;
  /** The bucket that was measured. */
  readonly bucket: Bucket;
  /** Undefined if the source has no approximateSize. */
  readonly sourceBytes: number | undefined;
  /** Undefined if the base has no approximateSize. */
  readonly baseBytes: number | undefined;
}

/** The plan of a compaction. */
export interface CompactPlan {
  /** The strategy of the compaction. */
  readonly strategy: Strategy;
  /** Why the strategy was picked, in a few words for people. */
  readonly reason: string;
  /** The ids under which the source holds nothing. */
  readonly emptied: readonly string[];
  /** The size of the batch, with the strategy `batch`. */
  readonly batch?: { readonly puts: number; readonly deletes: number; readonly bytes: number };
  /** The sizes of the 13 buckets of each sync, with `dryRun`. */
  readonly sizes?: readonly BucketSize[];
}

/** The result of `compact`. */
export interface CompactResult {
  /** The sync ids, as given. */
  readonly syncs: readonly string[];
  /** The strategy that was used. */
  readonly strategy: Strategy;
  /** The plan that was carried out. */
  readonly plan: CompactPlan;
  /** Whether this was a dry run, which changes nothing. */
  readonly dryRun: boolean;
  /** The number of the base's new generation. Undefined with the strategy `batch`, which makes none. */
  readonly generation: number | undefined;
  /** The changes of the 13 buckets of each sync, in the order of @sstitch/keys' table. */
  readonly buckets: readonly BucketResult[];
  /** The number of entries that the syncs hold now. Undefined with the strategy `link`, which does not read them. */
  readonly entries: number | undefined;
  /** The ids under which the source held nothing, and the base now holds nothing. */
  readonly emptied: readonly string[];
  /** How long the compaction took. */
  readonly durationMs: number;
  /** How long writers of the base waited. */
  readonly pauseMs: number;
  /** With the option `purge`: what still keeps removed data. */
  readonly purge?: PurgeReport;
}

/** The events of `onProgress`, in this order. `extracting` and `building` depend on the strategy. */
export type CompactProgress =
  | { readonly type: 'planned'; readonly plan: CompactPlan }
  | { readonly type: 'extracting' }
  /** `entries` is the number of entries read so far. */
  | { readonly type: 'building'; readonly entries: number }
  /** After this event an abort may come too late. */
  | { readonly type: 'committing' }
  | { readonly type: 'committed'; readonly generation: number | undefined };
