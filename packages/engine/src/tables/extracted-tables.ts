// Tables that this engine linked, split or built. A commit takes them without parsing them again.
//
// Invariant: only this engine makes an ExtractedTables, and keeps its facts about the files private, so that a caller
// cannot pass its own tables off as checked.
import type { OriginTotals } from '@sstitch/contract';
import { asEngineError } from '../threads/task-errors.js';
import type { UnsyncedFiles } from '../threads/unsynced-files.js';
import { totalsOf } from './origin-totals.js';
import type { SpanTables, TableSet } from './table-set.js';

/** Tables as a commit takes them. */
export interface IncomingTables extends TableSet {
  /** The tables' files that are not fsynced yet. The receiver fsyncs or closes them. */
  readonly unsynced?: UnsyncedFiles | undefined;
  /**
   * Settles when the linked tables have been checked. LevelDB must not open them before. Undefined if all tables are
   * checked.
   */
  readonly checking?: Promise<unknown> | undefined;
}

/** The tables of some spans, which `extract` and a `TableLoader` return and `ingestAndExcise` takes. */
export class ExtractedTables {
  readonly #incoming: IncomingTables;
  /** The number and size of each span's tables, by how they were made. */
  readonly totals: readonly OriginTotals[];

  /** @internal */
  constructor(incoming: IncomingTables) {
    this.#incoming = incoming;
    this.totals = incoming.spans.map(({ runs }) => totalsOf(runs.flat()));
  }

  /** The spans with their tables, in key order. */
  get spans(): readonly SpanTables[] {
    return this.#incoming.spans;
  }

  /** Returns the tables as a commit takes them, or undefined if the argument is not an ExtractedTables. @internal */
  static incomingOf(tables: unknown): IncomingTables | undefined {
    const isOwn = typeof tables === 'object' && tables !== null && #incoming in tables;
    return isOwn ? tables.#incoming : undefined;
  }
}

/** Waits until tables are checked, fsyncs their files, and returns the settled tables. */
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

/** Waits until tables are checked and closes their files without an fsync, for tables that are only read. */
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
  /** The number of entries in all spans. */
  readonly entries: number;

  /**
   * @param set tables whose files are fsynced
   * @internal
   */
  constructor(set: TableSet, entries: number) {
    super(set);
    this.entries = entries;
  }
}

/** Returns an empty set of tables, whose commit removes the contents of the spans. */
export function noTables(spans: readonly SpanTables['span'][]): IncomingTables {
  return { spans: spans.map((span) => ({ span, runs: [] })), lastSequence: 0 };
}
