// Tables on their way from one store to another: what extract gives and ingestAndExcise takes.
import type { Span, TableOrigin } from '@sstitch/contract';
import type { PrivateName } from '../files/blame-file.js';
import { LEVEL_COUNT } from '../leveldb/version-edit.js';

/** A table file and its bounds. */
export interface TableFile {
  readonly path: string;
  /** Where the table ends: a shared one's file may go on. */
  readonly sizeBytes: number;
  /** What a virtual table has of its file. @defaultValue all of it */
  readonly dataBytes?: number | undefined;
  /** Internal key: the user key and eight bytes of sequence and type. */
  readonly smallest: Uint8Array;
  /** Internal key. */
  readonly largest: Uint8Array;
  readonly origin: TableOrigin;
  /** The file of a store that this is another name or a copy of: errors name it. */
  readonly source?: string | undefined;
  /** How many entries it has, of one that was built. */
  readonly entries?: number | undefined;
}

/** Tables in ascending key order that share no user key. */
export type TableRun = readonly TableFile[];

/** What one span is to hold: runs, oldest first; of two runs the newer wins. */
export interface SpanTables {
  readonly span: Span;
  readonly runs: readonly TableRun[];
}

/** Tables for some spans, with the greatest sequence that any of their entries can have. */
export interface TableSet {
  readonly spans: readonly SpanTables[];
  readonly lastSequence: number;
}

/** The files to blame for what is wrong with tables. */
export function originsOf(tables: readonly TableFile[]): readonly PrivateName[] {
  return tables.flatMap(({ path, source }) =>
    source === undefined ? [] : [{ path, origin: source }],
  );
}

/** More runs than this in one span are merged before they are placed, one a level: level 0 takes none of them. */
export const MAX_RUNS = LEVEL_COUNT - 1;
