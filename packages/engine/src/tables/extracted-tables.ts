// Tables that this engine linked, split or built itself: a commit takes them without parsing them again.
//
// Invariant: only this engine makes an ExtractedTables, and what it knows of the files beyond their bounds is
// private: no caller can claim it of tables of its own.
import type { OriginTotals } from '@sstitch/contract';
import { totalsOf } from './origin-totals.js';
import type { SpanTables, TableSet } from './table-set.js';

/** Tables as a commit takes them. */
export interface IncomingTables extends TableSet {
  /** A path of each file to sync: several tables may share a file. */
  readonly unsynced: readonly string[];
  /**
   * Settles when the tables that were linked as they are have been checked; LevelDB opens none of them before.
   * Undefined where all have been.
   */
  readonly checking?: Promise<unknown> | undefined;
}

/** Tables of some spans: what `extract` and a `TableLoader` return, and `ingestAndExcise` takes. */
export class ExtractedTables {
  readonly #incoming: IncomingTables;
  /** The tables and bytes of each span, by how they came about. */
  readonly totals: readonly OriginTotals[];

  constructor(incoming: IncomingTables) {
    this.#incoming = incoming;
    this.totals = incoming.spans.map(({ runs }) => totalsOf(runs.flat()));
  }

  /** The spans, in key order, each with its tables. */
  get spans(): readonly SpanTables[] {
    return this.#incoming.spans;
  }

  /** The tables as a commit takes them; undefined for what is no ExtractedTables. */
  static incomingOf(tables: unknown): IncomingTables | undefined {
    const isOwn = typeof tables === 'object' && tables !== null && #incoming in tables;
    return isOwn ? tables.#incoming : undefined;
  }
}

/** Waits for the checks of tables, and returns them as checked: a commit may take their files away then. */
export async function whenChecked(tables: ExtractedTables): Promise<ExtractedTables> {
  const incoming = ExtractedTables.incomingOf(tables);
  if (incoming?.checking === undefined) return tables;
  const { checking, ...checked } = incoming;
  await checking;
  return new ExtractedTables(checked);
}

/** Tables that a `TableLoader` built. */
export class LoadedTables extends ExtractedTables {
  /** Entries of all spans together. */
  readonly entries: number;

  constructor(set: TableSet, entries: number) {
    super(checkedTables(set));
    this.entries = entries;
  }
}

/**
 * Tables that need no further check. The database that wrote a linked table has made it durable; others are new, in
 * whole or in part.
 */
export function checkedTables(set: TableSet): IncomingTables {
  const tables = set.spans.flatMap(({ runs }) => runs.flat());
  const made = tables.filter(({ origin }) => origin !== 'linked');
  return { ...set, unsynced: made.map(({ path }) => path) };
}

/** No tables: what the spans hold goes. */
export function noTables(spans: readonly SpanTables['span'][]): IncomingTables {
  return { spans: spans.map((span) => ({ span, runs: [] })), lastSequence: 0, unsynced: [] };
}
