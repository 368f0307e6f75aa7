// The options of the methods that move tables between stores, and their checks.
import type {
  ByteEncodings,
  CommitReport,
  ReplaceSpansOptions,
  ReplaceSpansResult,
  Span,
} from '@sstitch/contract';
import type { EntryEncodingOptions } from '../build/entry-encoding.js';
import { checkOptions, optionInvalid } from '../check-options.js';
import type { ExtractedTables } from '../tables/extracted-tables.js';

/** The option `purge` of a commit. */
export interface PurgeOption {
  /**
   * Leave no byte of what this commit or earlier ones excised in any file of the store. Tables that are split are
   * copied instead of shared, virtual tables whose files still hold excised entries are rewritten, and the call waits
   * until the past generations without readers are removed. It costs as much as copying those tables. The report's
   * `purge` lists the directories and the number of readers that still keep excised entries.
   * @defaultValue false
   */
  readonly purge?: boolean;
}

/** Options of `excise`. */
export interface ExciseOptions extends PurgeOption {
  /** Aborts the call. Aborting before the commit point leaves the store unchanged. */
  readonly signal?: AbortSignal;
}

/** Options of `Store.replaceSpans`: those of the engine contract, `purge`, and encodings of the entries. */
export interface StoreReplaceOptions<K = string, V = string>
  extends Omit<ReplaceSpansOptions, keyof ByteEncodings>,
    PurgeOption,
    EntryEncodingOptions<K, V> {}

/** What `Store.replaceSpans` returns. */
export interface StoreReplaceResult extends ReplaceSpansResult {
  /** The report of the commit. */
  readonly commit: CommitReport;
}

/** Options of `checkpoint`. */
export interface CheckpointOptions {
  /** Aborts the call, and removes the unfinished checkpoint. */
  readonly signal?: AbortSignal;
  /**
   * The format of the checkpoint.
   * - `store`: a store, whose tables are linked.
   * - `pebble`: a database that both Pebble 2 and classic-level can open. Once one of them has opened it for writing,
   *   the other cannot. All entries are read and written to new tables. A store that holds the empty key is refused.
   * @defaultValue 'store'
   */
  readonly format?: CheckpointFormat;
  /**
   * Leave no byte of excised entries in any file of the checkpoint: virtual tables whose files still hold some are
   * copied instead of linked. A checkpoint for Pebble holds none in any case.
   * @defaultValue false
   */
  readonly purge?: boolean;
}

/** What a checkpoint is: a store, or a Pebble database. */
export type CheckpointFormat = 'store' | 'pebble';

/** Options of `ingestAndExcise`. */
export interface IngestOptions extends PurgeOption {
  /** Aborts the call. Aborting before the commit point leaves the store unchanged. */
  readonly signal?: AbortSignal;
  /**
   * Move extracted tables out of their directory instead of linking them, which makes the directory's removal cheaper.
   * Applies only to tables that `extract` or a `TableLoader` returned.
   * @defaultValue false
   */
  readonly move?: boolean;
}

/** Options of `extract`. */
export interface ExtractOptions {
  /** Aborts the call. The directory keeps the tables that were made; the caller removes it. */
  readonly signal?: AbortSignal;
  /**
   * Split tables as the store's `splitTables` says, rather than always by copy, for tables that are passed to
   * `ingestAndExcise`. A virtual table is identified by its path and its size together; a copy of its file is a
   * different table.
   * @defaultValue false
   */
  readonly share?: boolean;
  /**
   * Read in full every table that holds a part of the spans, and refuse a damaged one (SSTITCH_TABLES_INVALID, with path
   * and offset). Otherwise only the structure of each such table and the blocks at the bounds are checked.
   * @defaultValue false
   */
  readonly verify?: boolean;
}

/** A source of tables: a `Store`, a `ReadOnlyStore`, or an object that forwards to the `extract` of one. */
export interface TableSource {
  /** Puts the tables of the spans into `directory`, by links where the file system allows them. */
  extract(
    spans: readonly Span[],
    directory: string,
    options?: ExtractOptions,
  ): Promise<ExtractedTables>;
}

/** Options of `ingestFrom`. */
export interface IngestFromOptions extends Pick<ExtractOptions, 'verify'>, PurgeOption {
  /** Aborts the call. Aborting before the commit point leaves the store unchanged. */
  readonly signal?: AbortSignal;
  /**
   * Build new tables from the source's in worker threads, without shadowed versions and tombstones, instead of linking
   * them. Takes the time to read and write all of them.
   * @defaultValue false
   */
  readonly rebuild?: boolean;
  /** With `rebuild`: called repeatedly with the number of entries built so far. What it throws ends the call. */
  readonly onEntries?: (entries: number) => void;
  /**
   * Called before the commit with the tables that it takes: the extracted tables or, with `rebuild`, the built ones.
   * Without `verify` and `rebuild`, the checks of linked tables may still run. What it throws ends the call and passes
   * through; the store is unchanged.
   */
  readonly onExtracted?: (tables: ExtractedTables) => void;
}

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkCommitOptions(options: IngestOptions): void {
  checkOptions(options, { signal: 'signal', purge: 'boolean', move: 'boolean' });
}

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkExtractOptions(options: ExtractOptions): void {
  checkOptions(options, { signal: 'signal', share: 'boolean', verify: 'boolean' });
}

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkIngestFromOptions(options: IngestFromOptions): void {
  checkOptions(options, {
    signal: 'signal',
    purge: 'boolean',
    verify: 'boolean',
    rebuild: 'boolean',
    onEntries: 'function',
    onExtracted: 'function',
  });
}

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkCheckpointOptions(options: CheckpointOptions): void {
  checkOptions(options, { signal: 'signal', purge: 'boolean' });
  const { format = 'store' } = options;
  if (format === 'store' || format === 'pebble') return;
  throw optionInvalid("format must be 'store' or 'pebble'");
}
