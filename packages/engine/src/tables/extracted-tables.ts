// Tables that this engine linked, split or built itself: a commit takes them without parsing them again.
//
// Invariant: only this engine makes an ExtractedTables, and what it knows of the files beyond their bounds is
// private: no caller can claim it of tables of its own.
import type { OriginTotals } from '@sstitch/contract';
import { asEngineError } from '../threads/task-errors.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import { totalsOf } from './origin-totals.js';
import type { SpanTables, TableSet } from './table-set.js';

/** Tables as a commit takes them. */
export interface IncomingTables extends TableSet {
  /** Files of the tables that are written and not yet synced: the one who takes them syncs or closes them. */
  readonly unsynced?: UnsyncedFiles | undefined;
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

/** Waits until tables are checked and their files synced, and returns them as they are then. */
export async function settledTables(
  tables: ExtractedTables,
  signal: AbortSignal | undefined,
): Promise<ExtractedTables> {
  const { checking, unsynced, ...set } = ExtractedTables.incomingOf(tables) ?? noTables([]);
  try {
    await checking;
    await unsynced?.sync(signal);
  } catch (error) {
    throw asEngineError(error);
  } finally {
    unsynced?.close();
  }
  return new ExtractedTables(set);
}

/** Waits until tables are checked, to be read and then removed: their files are not synced. */
export async function checkedSpans(tables: ExtractedTables): Promise<readonly SpanTables[]> {
  const incoming = ExtractedTables.incomingOf(tables);
  try {
    await incoming?.checking;
  } finally {
    incoming?.unsynced?.close();
  }
  return tables.spans;
}

/** Tables that a `TableLoader` built. */
export class LoadedTables extends ExtractedTables {
  /** Entries of all spans together. */
  readonly entries: number;

  /** @param set synced */
  constructor(set: TableSet, entries: number) {
    super(set);
    this.entries = entries;
  }
}

/** No tables: what the spans hold goes. */
export function noTables(spans: readonly SpanTables['span'][]): IncomingTables {
  return { spans: spans.map((span) => ({ span, runs: [] })), lastSequence: 0 };
}
