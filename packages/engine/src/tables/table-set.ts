// Sets of tables, as extract returns them and ingestAndExcise takes them.
import type { Span, TableOrigin } from '@sstitch/contract';
import type { PrivateName } from '../files/blame-file.js';
import { LEVEL_COUNT } from '../leveldb/version-edit.js';

/** A table file and its bounds. */
export interface TableFile {
  /** The path of the file that holds the table. */
  readonly path: string;
  /** The offset at which the table ends. The file of a virtual table may be longer. */
  readonly sizeBytes: number;
  /** The size of a virtual table's part of the file. @defaultValue `sizeBytes` */
  readonly dataBytes?: number | undefined;
  /** The first internal key: a user key and eight bytes of sequence and type. */
  readonly smallest: Uint8Array;
  /** The last internal key. */
  readonly largest: Uint8Array;
  /** How the file was made: linked, copied, split, shared or built. */
  readonly origin: TableOrigin;
  /** The file of a store that this one is a link to or a copy of, which errors name. */
  readonly source?: string | undefined;
  /** The number of entries, if the table was built. */
  readonly entries?: number | undefined;
}

/** Tables in ascending key order that share no user key. */
export type TableRun = readonly TableFile[];

/** The tables of one span: runs, oldest first. For a key in several runs the newest run counts. */
export interface SpanTables {
  /** The span whose keys the tables hold. */
  readonly span: Span;
  /** The tables of the span. Keys of the tables of one run do not overlap. */
  readonly runs: readonly TableRun[];
}

/** The tables of some spans, and an upper bound of their entries' sequences. */
export interface TableSet {
  readonly spans: readonly SpanTables[];
  readonly lastSequence: number;
}

/** Returns the names that errors about tables use instead of the tables' own. */
export function originsOf(tables: readonly TableFile[]): readonly PrivateName[] {
  return tables.flatMap(({ path, source }) =>
    source === undefined ? [] : [{ path, origin: source }],
  );
}

/** The limit of runs in a span: one for each level but level 0. Further runs are merged first. */
export const MAX_RUNS = LEVEL_COUNT - 1;
