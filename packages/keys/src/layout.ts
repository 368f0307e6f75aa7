/*
 * The key layout, format version 3: many syncs in one store. It never changes.
 *
 *   key      = version bucket sync element*
 *   version  = 03
 *   bucket   = the rest of the bucket's prefix; see BUCKETS
 *   sync     = 20 bytes, a KSUID in binary
 *   element  = 00, then the element's UTF-8 bytes with 00 as 01 01 and 01 as 01 02
 *
 * The layout is that of ConductorOne's baton-sdk, storage v3 (its pull request 874).
 */
import { KeysError } from './errors.js';

/** The first byte of every key. */
export const FORMAT_VERSION = 0x03;
/** Precedes each element. Elements hold it only escaped, so keys sort as their element lists do. */
export const SEPARATOR = 0x00;
/** Opens a two-byte escape. */
export const ESCAPE = 0x01;
/** Follows {@link ESCAPE} and stands for a 00. */
export const ESCAPED_SEPARATOR = 0x01;
/** Follows {@link ESCAPE} and stands for a 01. */
export const ESCAPED_ESCAPE = 0x02;
/** Length of a sync id in a key. */
export const SYNC_ID_LENGTH_BYTES = 20;

/** What a bucket holds: records with values, index entries without, or the run and statistics of a sync. */
export type BucketKind = 'record' | 'index' | 'sync';

/** One row of the bucket table. */
export interface BucketLayout {
  /** The name by which functions and reports refer to the bucket. */
  readonly bucket: Bucket;
  /** Whether its keys are those of records, of index entries, or of the sync itself. */
  readonly kind: BucketKind;
  /** The bytes before the sync id. */
  readonly prefix: Uint8Array;
  /** The names of the elements after the sync id, in order. */
  readonly elements: readonly string[];
  /** The bucket of the records that an index points to; undefined for other kinds. */
  readonly indexOf: Bucket | undefined;
}

/** A bucket's name. */
export type Bucket = (typeof ROWS)[number][0];

// biome-ignore format: a table
/** The bucket table: name, kind, prefix, elements after the sync id, and the bucket that an index lists. */
const ROWS = [
  ['resource_type', 'record', [0x03, 0x01], ['external_id'], undefined],
  ['resource', 'record', [0x03, 0x02], ['resource_type_id', 'resource_id'], undefined],
  ['resource_by_parent', 'index', [0x03, 0x07, 0x01], ['parent_resource_type_id', 'parent_resource_id', 'child_resource_type_id', 'child_resource_id'], 'resource'],
  ['entitlement', 'record', [0x03, 0x03], ['external_id'], undefined],
  ['entitlement_by_resource', 'index', [0x03, 0x07, 0x02], ['resource_type_id', 'resource_id', 'external_id'], 'entitlement'],
  ['grant', 'record', [0x03, 0x04], ['external_id'], undefined],
  ['grant_by_entitlement', 'index', [0x03, 0x07, 0x03], ['entitlement_id', 'principal_resource_type_id', 'principal_resource_id', 'external_id'], 'grant'],
  ['grant_by_principal', 'index', [0x03, 0x07, 0x04], ['principal_resource_type_id', 'principal_resource_id', 'external_id'], 'grant'],
  ['grant_by_principal_resource_type', 'index', [0x03, 0x07, 0x06], ['principal_resource_type_id', 'external_id'], 'grant'],
  ['grant_by_needs_expansion', 'index', [0x03, 0x07, 0x05], ['external_id'], 'grant'],
  ['asset', 'record', [0x03, 0x05], ['external_id'], undefined],
  ['sync_run', 'sync', [0x03, 0x06], [], undefined],
  ['sync_stats', 'sync', [0x03, 0xff, 0x73, 0x74, 0x61, 0x74, 0x73, 0x00], [], undefined],
] as const;

/** Every bucket, in the fixed order of a sync's spans, digests and reports. It is not key order. */
export const BUCKETS: readonly BucketLayout[] = ROWS.map(
  ([bucket, kind, prefix, elements, indexOf]) => ({
    bucket,
    kind,
    prefix: Uint8Array.from(prefix),
    elements,
    indexOf,
  }),
);

/** The names of the buckets that hold records, in the fixed order. */
export const RECORD_BUCKETS: readonly Bucket[] = namesOf('record');
/** The names of the buckets that hold index entries, in the fixed order. */
export const INDEX_BUCKETS: readonly Bucket[] = namesOf('index');

const LAYOUT_BY_BUCKET: ReadonlyMap<Bucket, BucketLayout> = new Map(
  BUCKETS.map((layout) => [layout.bucket, layout]),
);

/**
 * The row of the bucket table with this name.
 *
 * @throws {@link KeysError} SSTITCH_KEY_MALFORMED if there is none.
 */
export function bucketLayout(bucket: Bucket): BucketLayout {
  const layout = LAYOUT_BY_BUCKET.get(bucket);
  if (layout === undefined) {
    throw new KeysError('SSTITCH_KEY_MALFORMED', `no such bucket: ${String(bucket)}`);
  }
  return layout;
}

/** Key ranges of format version 3 that belong to no sync. */
export type ReservedRange = 'counters' | 'sessions' | 'engine_metadata';

/** Reserved ranges by prefix. A bucket whose longer prefix begins with one of these (sync_stats) takes precedence. */
export const RESERVED_RANGES: readonly {
  readonly name: ReservedRange;
  readonly prefix: Uint8Array;
}[] = [
  { name: 'counters', prefix: Uint8Array.of(0x03, 0x08) },
  { name: 'sessions', prefix: Uint8Array.of(0x03, 0x09) },
  { name: 'engine_metadata', prefix: Uint8Array.of(0x03, 0xff) },
];

function namesOf(kind: BucketKind): readonly Bucket[] {
  return BUCKETS.filter((layout) => layout.kind === kind).map((layout) => layout.bucket);
}
