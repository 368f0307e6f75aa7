// How tables go from one store to another.
import type { Span } from '@sstitch/sst';
import type { ExtractedTables } from './extract/extract-tables.js';

export interface IngestOptions {
  /** Until the commit, aborting leaves the store as it was. */
  readonly signal?: AbortSignal;
  /**
   * Take extracted tables away from their folder instead of linking them: saves the folder's later
   * removal. Only tables that `extract` gave.
   * @defaultValue false
   */
  readonly move?: boolean;
}

export interface RebuildTablesOptions {
  readonly signal?: AbortSignal;
  /** Told from time to time how many entries are built. */
  readonly onEntries?: (entries: number) => void;
}

export interface ExtractOptions {
  readonly signal?: AbortSignal;
  /**
   * Narrow tables that straddle a bound instead of copying their part (`narrowTablesFromBytes`): for
   * tables that go to `ingestAndExcise`. A narrowed table is known by its path and its size together;
   * its file alone, copied elsewhere, is another table.
   * @defaultValue false
   */
  readonly narrow?: boolean;
  /**
   * Read every table in full, and refuse a damaged one (SstError, with its path and the offset). Without
   * it only the structure of each table is checked, and the blocks at the bounds.
   * @defaultValue false
   */
  readonly verify?: boolean;
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
    folder: string,
    options?: ExtractOptions,
  ): Promise<ExtractedTables>;
}

export interface IngestFromOptions extends Pick<ExtractOptions, 'verify'> {
  readonly signal?: AbortSignal;
  /**
   * Told what was extracted, before the commit, and without `verify` while tables that are linked as they are
   * may still be checked. What it throws ends the ingestion, and passes through as it
   * is: the store is as it was.
   */
  readonly onExtracted?: (tables: ExtractedTables) => void;
}
