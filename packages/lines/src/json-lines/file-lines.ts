// The lines of a file that are no records.
//
//   {"type":"header","format":"sstitch-jsonl","version":1}   the first line
//   … records …
//   {"type":"end","records":123}                             the last line
//
// A file without a header is one that was made by hand, or with other tools from such files: it has no end either.
// Files may follow each other in one stream, as `cat` puts them.

/** What a header says that the lines are. */
export const FORMAT = 'sstitch-jsonl';
/** The version that is written, and the latest that is read. */
export const VERSION = 1;

/** The first line of a file. */
export interface Header {
  readonly type: 'header';
  readonly format: typeof FORMAT;
  readonly version: number;
}

/** The last line of a file. */
export interface End {
  readonly type: 'end';
  /** How many records the file has. */
  readonly records: number;
}

export const HEADER: Header = { type: 'header', format: FORMAT, version: VERSION };

export function endOf(records: number): End {
  return { type: 'end', records };
}
