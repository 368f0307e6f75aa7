// The options of the methods that move tables from one store to another, and their checks.
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

/** For what must be gone. */
export interface PurgeOption {
  /**
   * Leave no byte of what was excised, now or by earlier commits, in any file of the store: tables that are split
   * are copied instead of shared, those whose files still hold what was split away are written anew, and the
   * call waits until past generations that nobody reads are removed. Costs what copying those tables costs.
   * The report's `purge` lists who else keeps some of it.
   * @defaultValue false
   */
  readonly purge?: boolean;
}

export interface ExciseOptions extends PurgeOption {
  /** Until the commit, aborting leaves the store as it was. */
  readonly signal?: AbortSignal;
}

/** `ReplaceSpansOptions` of any engine, and what a Store takes too. */
export interface StoreReplaceOptions<K = string, V = string>
  extends Omit<ReplaceSpansOptions, keyof ByteEncodings>,
    PurgeOption,
    EntryEncodingOptions<K, V> {}

export interface StoreReplaceResult extends ReplaceSpansResult {
  readonly commit: CommitReport;
}

export interface CheckpointOptions {
  /** Aborting removes what was made of the checkpoint. */
  readonly signal?: AbortSignal;
  /**
   * What the directory becomes.
   * - `store`: a store, whose tables are linked.
   * - `pebble`: a database that Pebble 2 opens, and classic-level: what opens it first to write owns it. All
   *   entries are read, and written to tables of its own. A store with an empty key is refused.
   * @defaultValue 'store'
   */
  readonly format?: CheckpointFormat;
  /**
   * Leave no byte of what was excised before in any file of the checkpoint: tables whose files still hold some
   * are copied instead of linked. In a checkpoint for Pebble there is none anyway.
   * @defaultValue false
   */
  readonly purge?: boolean;
}

export type CheckpointFormat = 'store' | 'pebble';

export interface IngestOptions extends PurgeOption {
  /** Until the commit, aborting leaves the store as it was. */
  readonly signal?: AbortSignal;
  /**
   * Take extracted tables away from their directory instead of linking them: saves the directory's later
   * removal. Only tables that `extract` or a `TableLoader` returned.
   * @defaultValue false
   */
  readonly move?: boolean;
}

export interface ExtractOptions {
  /** Aborting leaves the directory to its caller, with what was made by then. */
  readonly signal?: AbortSignal;
  /**
   * Share tables that straddle a bound instead of copying their part (the store's `splitTables`), for
   * tables that go to `ingestAndExcise`. A virtual table is known by its path and its size together;
   * its file alone, copied elsewhere, is another table.
   * @defaultValue false
   */
  readonly share?: boolean;
  /**
   * Read every table in full, and refuse a damaged one (SSTITCH_TABLES_INVALID, with its path and the offset). Without
   * it only the structure of each table is checked, and the blocks at the bounds.
   * @defaultValue false
   */
  readonly verify?: boolean;
}

/** What tables can be taken from: a `Store`, a `ReadOnlyStore`, or what passes their `extract` on. */
export interface TableSource {
  extract(
    spans: readonly Span[],
    directory: string,
    options?: ExtractOptions,
  ): Promise<ExtractedTables>;
}

export interface IngestFromOptions extends Pick<ExtractOptions, 'verify'>, PurgeOption {
  /** Until the commit, aborting leaves the store as it was. */
  readonly signal?: AbortSignal;
  /**
   * Build the source's tables anew, in worker threads, without shadowed versions and deletions, instead of linking
   * them. Takes as long as reading and writing all of them.
   * @defaultValue false
   */
  readonly rebuild?: boolean;
  /** With `rebuild`, called from time to time with how many entries were built. What it throws ends the ingestion. */
  readonly onEntries?: (entries: number) => void;
  /**
   * Called before the commit with the tables that it takes: those extracted or, with `rebuild`, those built. Without
   * `verify` and `rebuild`, tables that are linked as they are may still be being checked. What it throws ends the
   * ingestion, and passes through as it is: the store is as it was.
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
