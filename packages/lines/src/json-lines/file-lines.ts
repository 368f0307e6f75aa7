// The lines of a file that are not records.
//
//   {"type":"header","format":"sstitch-jsonl","version":1}   the first line
//   … records …
//   {"type":"end","records":123}                             the last line
//
// A file without a header, written by a person or by another tool, has no end line either. Files may be concatenated in
// one stream, as by `cat`.

/** The value of `format` in a header. */
export const FORMAT = 'sstitch-jsonl';
/** The version that is written, and the latest that can be read. */
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
