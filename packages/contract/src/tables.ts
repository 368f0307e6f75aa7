// The part of the contract for engines that keep data in tables (`EngineCapabilities.tables`): they move whole
// tables from one store to another without reading the records.
import type { Span } from './spans.js';

/** How a table of a commit was made. */
export type TableOrigin =
  /** A hard link to a table of a store: no byte was written. */
  | 'linked'
  /** A byte-for-byte copy, made if hard links do not work. */
  | 'copied'
  /** A part of a table, split at a span's bound and copied to a file of its own. */
  | 'split'
  /** A virtual table: a part of a table in the table's own file, where only an index was written after its end. */
  | 'shared'
  /** Built from entries. */
  | 'built';

/** Numbers of tables and bytes by origin. */
export type OriginTotals = Record<TableOrigin, { tables: number; bytes: number }>;

/** What a commit did, and how long each step took. */
export interface CommitReport {
  /** The number of the generation that the commit made. */
  readonly generation: number;
  /** Tables of the store outside the spans. */
  readonly base: OriginTotals;
  /** Incoming tables; one element for each span. */
  readonly spans: readonly OriginTotals[];
  /** How many tables the whole store has. */
  readonly tables: number;
  /** Operations that were written during the commit and replayed into the new generation. */
  readonly replayedOperations: number;
  /** How long writers waited. */
  readonly pauseMs: number;
  /** How long the commit took. */
  readonly durationMs: number;
  /** What still holds excised bytes; only with the option `purge`. */
  readonly purge?: PurgeReport;
  /** How long each step took. */
  readonly steps: {
    readonly flushMs: number;
    readonly stageMs: number;
    readonly openMs: number;
    readonly catchUpMs: number;
  };
}

/** What still holds bytes that this and earlier commits excised, after a commit with the option `purge`. */
export interface PurgeReport {
  /**
   * How many iterators and snapshots of earlier generations are open. A generation is removed when its last
   * reader closes.
   */
  readonly readers: number;
  /**
   * Directories that may hold excised bytes: generations that are being read or could not be removed, and
   * copies of read-only opens, some of which may be newer than the commit. If empty, no file of the store holds
   * an excised byte.
   */
  readonly directories: readonly string[];
}

/** Options of `extract`. */
export interface TableExtractOptions {
  /** Aborts the call. */
  readonly signal?: AbortSignal;
  /**
   * Read in full every table that holds a part of the spans, and refuse a damaged one.
   * @defaultValue false
   */
  readonly verify?: boolean;
}

/** Tables extracted from a source; `totals` has one element for each span. */
export interface ExtractedSpans {
  /** Numbers of tables and bytes, one element for each span. */
  readonly totals: readonly OriginTotals[];
}

/** A store that tables can be extracted from. */
export interface TableSource {
  /** Extracts the tables of `spans` into a directory that it creates. */
  extract(
    spans: readonly Span[],
    directory: string,
    options?: TableExtractOptions,
  ): Promise<ExtractedSpans>;
}

/** Options of `ingestFrom`. */
export interface TableIngestOptions extends TableExtractOptions {
  /** Leave no excised byte in any file of the store. @defaultValue false */
  readonly purge?: boolean;
  /**
   * Build new tables from the source's, without shadowed versions and tombstones, instead of linking them.
   * @defaultValue false
   */
  readonly rebuild?: boolean;
  /**
   * Called from time to time, with `rebuild` only, with the number of entries built so far. If it throws, the
   * ingestion fails with its error.
   */
  readonly onEntries?: (entries: number) => void;
  /**
   * Called before the commit with the tables to be ingested: those extracted or, with `rebuild`, those built.
   * If it throws, the ingestion fails with its error and the store is as it was.
   */
  readonly onExtracted?: (tables: ExtractedSpans) => void;
}

/** A store that can ingest tables. */
export interface TableTarget {
  /** Replaces the content of `spans` by the source's tables, or by tables built from them, in one commit. */
  ingestFrom(
    source: TableSource,
    spans: readonly Span[],
    options?: TableIngestOptions,
  ): Promise<CommitReport>;
}

/** A reader that knows, without reading entries, which of them another reader has too. */
export interface SharingReader {
  /**
   * Returns sorted, disjoint spans in which this reader and another certainly hold the same entries, in every
   * state that either can show. Empty if nothing is certain.
   *
   * @param spans - the spans to check; sorted and disjoint
   */
  sharedSpans(
    other: unknown,
    spans: readonly Span[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Span[]>;
}
