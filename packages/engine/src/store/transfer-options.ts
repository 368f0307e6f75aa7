// How tables go from one store to another.
import type { ReplaceSpansOptions, Span } from '@sstitch/contract';
import { EngineError } from '../errors.js';
import type { ExtractedTables } from '../extract/extract-tables.js';
import { EVERYTHING } from '../tables/purge-tables.js';

/** For what must be gone. */
export interface PurgeOption {
  /**
   * Leave no byte of what was excised, now or by earlier commits, in any file of the store: tables that are split
   * are copied instead of shared, those whose files still hold what was split away are written anew, and the
   * call waits until past generations that nobody reads are removed. Costs what copying those tables costs.
   * The report's `purge` tells who else keeps some of it.
   * @defaultValue false
   */
  readonly purge?: boolean;
}

export interface ExciseOptions extends PurgeOption {
  readonly signal?: AbortSignal;
}

/** `ReplaceSpansOptions` of any engine, and what a Store takes too. */
export interface StoreReplaceOptions extends ReplaceSpansOptions, PurgeOption {}

export interface CheckpointOptions {
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
   * removal. Only tables that `extract` gave.
   * @defaultValue false
   */
  readonly move?: boolean;
}

export interface RebuildTablesOptions {
  readonly signal?: AbortSignal;
  /** Reported from time to time how many entries are built. */
  readonly onEntries?: (entries: number) => void;
}

export interface ExtractOptions {
  readonly signal?: AbortSignal;
  /**
   * Share tables that straddle a bound instead of copying their part (`shareTablesFromBytes`): for
   * tables that go to `ingestAndExcise`. A virtual table is known by its path and its size together;
   * its file alone, copied elsewhere, is another table.
   * @defaultValue false
   */
  readonly share?: boolean;
  /**
   * Read every table in full, and refuse a damaged one (SstError, with its path and the offset). Without
   * it only the structure of each table is checked, and the blocks at the bounds.
   * @defaultValue false
   */
  readonly verify?: boolean;
}

/** `ExtractOptions` with the defaults filled in. */
export interface CheckedExtractOptions {
  readonly signal: AbortSignal | undefined;
  readonly share: boolean;
  readonly verify: boolean;
  /** See `CHECKS_LATER`. */
  readonly checksLater: boolean;
}

/**
 * Set in the options of an extract for a commit that waits for the checks itself (trusted-sets.ts). A source
 * that does not hand it on has its tables checked when its extract ends.
 */
export const CHECKS_LATER = Symbol('checks later');

/** With what the commit adds to them. */
export interface CommitExtractOptions extends ExtractOptions {
  readonly [CHECKS_LATER]?: boolean;
}

/** What tables can be taken from: a `Store`, a `ReadOnlyStore`. */
export interface TableSource {
  extract(
    spans: readonly Span[],
    directory: string,
    options?: ExtractOptions,
  ): Promise<ExtractedTables>;
}

export interface IngestFromOptions extends Pick<ExtractOptions, 'verify'>, PurgeOption {
  readonly signal?: AbortSignal;
  /**
   * Reported what was extracted, before the commit, and without `verify` while tables that are linked as they are
   * may still be checked. What it throws ends the ingestion, and passes through as it
   * is: the store is as it was.
   */
  readonly onExtracted?: (tables: ExtractedTables) => void;
}

/**
 * What a checkpoint becomes, by its options, which are checked.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID
 */
export function checkpointFormatOf(options: CheckpointOptions): CheckpointFormat {
  purgeOf(options);
  const { format = 'store' } = options;
  if (format === 'store' || format === 'pebble') return format;
  throw new EngineError('SSTITCH_OPTION_INVALID', "format must be 'store' or 'pebble'");
}

/**
 * Where a commit purges, by its option.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID
 */
export function purgeOf({ purge = false }: PurgeOption): readonly Span[] {
  if (typeof purge !== 'boolean') {
    throw new EngineError('SSTITCH_OPTION_INVALID', 'purge must be true or false');
  }
  return purge ? [EVERYTHING] : [];
}
