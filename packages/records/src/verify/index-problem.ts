import { type Bucket, toHex } from '@sstitch/keys';

/** The kinds of problems of a sync's entries. */
export type IndexProblemKind =
  /** A key in the sync's span that is not a key of its bucket. */
  | 'malformed_key'
  /** A value that is not the bucket's message. */
  | 'undecodable_value'
  /** A record whose sync or ids differ from those of its key. */
  | 'record_under_wrong_key'
  /** A record without one of its index entries; `key` is the missing one. */
  | 'missing_index_entry'
  /** An index entry that no record has. */
  | 'stray_index_entry'
  /** An index entry with a value. */
  | 'index_entry_with_value'
  /** Statistics of an ended sync that do not match its records; `recountSync` rewrites them. */
  | 'wrong_stats';

/** A problem of a sync's entries. */
export interface IndexProblem {
  /** What is wrong with the entry. */
  readonly kind: IndexProblemKind;
  /** The bucket of the key. */
  readonly bucket: Bucket;
  /** The key of the entry that is missing, stray or damaged. */
  readonly key: Uint8Array;
  /** A description with the key in hex. */
  readonly message: string;
}

/** Describes a problem of an entry. */
export function indexProblem(
  kind: IndexProblemKind,
  bucket: Bucket,
  key: Uint8Array,
  why: string,
): IndexProblem {
  // A copy, because the keys of pages are Buffers and the caller may keep the problem.
  return { kind, bucket, key: new Uint8Array(key), message: `${bucket} ${toHex(key)}: ${why}` };
}
