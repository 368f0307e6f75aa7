// What a compaction tells: its result, its plan and its progress.
import type { PurgeReport } from '@sstitch/contract';
import type { Bucket } from '@sstitch/keys';

/** How the base was changed. */
export type Strategy = 'link' | 'rebuild' | 'batch';

/** Tables by how they came about. */
export interface TableCounts {
  /** Further names of the source's tables: no byte was written. */
  readonly linked: number;
  /** Byte-for-byte copies, where links do not work: source and base lie on two file systems. */
  readonly copied: number;
  /** Split out of a table at a bound of the sync, into a file of its own. */
  readonly split: number;
  /** The same, in the table's own file: only an index was written, behind its end. */
  readonly shared: number;
  /** Built from entries. */
  readonly built: number;
}

/** What happened to one sync in one bucket. */
export interface BucketResult {
  readonly syncId: string;
  readonly bucket: Bucket;
  /** All zero under strategy `batch`. */
  readonly tables: TableCounts;
  readonly linkedBytes: number;
  readonly copiedBytes: number;
  readonly splitBytes: number;
  readonly sharedBytes: number;
  readonly builtBytes: number;
  /** Entries written; strategy `batch` only. */
  readonly puts: number;
  /** Entries deleted; strategy `batch` only. */
  readonly deletes: number;
}

/** Bytes on disk, roughly, before the compaction; what lies in a memtable is not in it. */
export interface BucketSize {
  readonly syncId: string;
  readonly bucket: Bucket;
  /** Undefined where the engine cannot tell. */
  readonly sourceBytes: number | undefined;
  /** Undefined where the engine cannot tell. */
  readonly baseBytes: number | undefined;
}

/** Which way a compaction takes, and why. */
export interface CompactPlan {
  readonly strategy: Strategy;
  /** One sentence for people. */
  readonly reason: string;
  /** The ids under which the source holds nothing. */
  readonly emptied: readonly string[];
  /** The one batch, under strategy `batch`. */
  readonly batch?: { readonly puts: number; readonly deletes: number; readonly bytes: number };
  /** For each sync its 13 buckets; with `dryRun` only. */
  readonly sizes?: readonly BucketSize[];
}

export interface CompactResult {
  /** The sync ids, as given. */
  readonly syncs: readonly string[];
  readonly strategy: Strategy;
  readonly plan: CompactPlan;
  /** Nothing was changed. */
  readonly dryRun: boolean;
  /** The base's new generation; undefined under strategy `batch`, which makes none. */
  readonly generation: number | undefined;
  /** For each sync its 13 buckets, in the order of @sstitch/keys' table. */
  readonly buckets: readonly BucketResult[];
  /** How many entries the syncs hold now; undefined under `link`, which reads none. */
  readonly entries: number | undefined;
  /** The ids under which the source held nothing, and the base now holds nothing. */
  readonly emptied: readonly string[];
  readonly durationMs: number;
  /** How long writers of the base waited. */
  readonly pauseMs: number;
  /** With the option `purge`: what still holds removed data. */
  readonly purge?: PurgeReport;
}

/** What `onProgress` is told, in this order; `extracting` and `building` by strategy. */
export type CompactProgress =
  | { readonly type: 'planned'; readonly plan: CompactPlan }
  | { readonly type: 'extracting' }
  /** Entries read so far. */
  | { readonly type: 'building'; readonly entries: number }
  /** From here on an abort may come too late. */
  | { readonly type: 'committing' }
  | { readonly type: 'committed'; readonly generation: number | undefined };
