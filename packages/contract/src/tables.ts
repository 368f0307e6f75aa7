// What an engine offers beyond the contract where its data lies in tables (`EngineCapabilities.tables`): whole
// tables move from one store to another without their records being read.
import type { Span } from './spans.js';

/** How a table's file came about. */
export type TableOrigin =
  /** Another name of a table of a store: no byte was written. */
  | 'linked'
  /** A byte-for-byte copy, where links do not work. */
  | 'copied'
  /** Split out of a table at a span's bound, into a file of its own. */
  | 'split'
  /** The same, in the table's own file: only an index was written, behind its end. */
  | 'shared'
  /** Built from entries. */
  | 'built';

/** Tables and bytes by how they came about. */
export type OriginTotals = Record<TableOrigin, { tables: number; bytes: number }>;

/** What a commit did, and how long each step took. */
export interface CommitReport {
  readonly generation: number;
  /** The store's tables outside the spans. */
  readonly base: OriginTotals;
  /** The incoming tables, one member a span. */
  readonly spans: readonly OriginTotals[];
  /** Tables of the whole store. */
  readonly tables: number;
  /** Writes that came in while the commit staged and were replayed. */
  readonly replayedOperations: number;
  /** How long writers waited. */
  readonly pauseMs: number;
  readonly durationMs: number;
  /** With the option `purge`: what still holds excised bytes. */
  readonly purge?: PurgeReport;
  readonly steps: {
    readonly flushMs: number;
    readonly stageMs: number;
    readonly openMs: number;
    readonly catchUpMs: number;
  };
}

/** What is left, after a commit with the option `purge`, of what this and earlier commits excised. */
export interface PurgeReport {
  /** Open iterators and snapshots of earlier generations: as each ends, its generation is removed. */
  readonly readers: number;
  /**
   * Directories that hold it: of generations that are read, or could not be removed, and of read-only opens,
   * of which some may be younger than the commit. Empty: no byte of it is in any file of the store.
   */
  readonly directories: readonly string[];
}

export interface TableExtractOptions {
  readonly signal?: AbortSignal;
  /**
   * Read every table in full, and refuse a damaged one.
   * @defaultValue false
   */
  readonly verify?: boolean;
}

/** Tables taken out of a source, one member of `totals` for each span. */
export interface ExtractedSpans {
  readonly totals: readonly OriginTotals[];
}

/** What tables can be taken from. */
export interface TableSource {
  /** Takes the tables of some spans, into a directory that it makes. */
  extract(
    spans: readonly Span[],
    directory: string,
    options?: TableExtractOptions,
  ): Promise<ExtractedSpans>;
}

export interface TableIngestOptions extends TableExtractOptions {
  /** Leave no byte of what was excised in any file of the store. @defaultValue false */
  readonly purge?: boolean;
  /**
   * Build the source's tables anew, without shadowed versions and deletions, instead of linking them.
   * @defaultValue false
   */
  readonly rebuild?: boolean;
  /** With `rebuild`, called from time to time with how many entries were built. What it throws ends the ingestion. */
  readonly onEntries?: (entries: number) => void;
  /**
   * Called before the commit with the tables that it takes: those extracted or, with `rebuild`, those built. What it
   * throws ends the ingestion: the store is as it was.
   */
  readonly onExtracted?: (tables: ExtractedSpans) => void;
}

/** What tables can be brought into. */
export interface TableTarget {
  /** Replaces what the spans hold by the source's tables, or by those built of them, in one commit. */
  ingestFrom(
    source: TableSource,
    spans: readonly Span[],
    options?: TableIngestOptions,
  ): Promise<CommitReport>;
}

/** A reader that knows, without reading them, which of its entries another one has, too. */
export interface SharingReader {
  /**
   * Ranges, sorted and disjoint, in which this reader and another certainly hold the same entries, in every state that
   * either can be read in. Empty where nothing is certain.
   *
   * @param spans - where to look; sorted and disjoint
   */
  sharedSpans(
    other: unknown,
    spans: readonly Span[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Span[]>;
}
