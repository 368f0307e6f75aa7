// Kept records: the stored bytes of records that a row of a format 1 database cannot express, in a table of
// this package, which Baton ignores.
//
//   sstitch_records (id integer primary key, record blob not null)
//   id = table * 2^48 + row id of the record's row; for statistics, that of the run
//
// Invariant: a kept record counts only while its row equals the row of that record. Baton changes rows without
// knowing this table; the row then replaces the outdated kept record.
import { equalBytes } from '@sstitch/contract';
import {
  decodeRecord,
  encodeRecord,
  type RecordByBucket,
  type SyncRecord,
  type ValueBucket,
} from '@sstitch/records';
import {
  assetRow,
  entitlementRow,
  grantRow,
  resourceRow,
  resourceTypeRow,
  syncRunRow,
} from './row-of-record.js';
import type { RowByTable, RowId, SyncRunRow } from './sync-tables.js';
import {
  assetRecord,
  entitlementRecord,
  grantRecord,
  resourceRecord,
  resourceTypeRecord,
  syncRunRecord,
} from './translate.js';
import { UTC, type Zone } from './zones.js';

export const KEPT_RECORDS_TABLE = 'sstitch_records';

/** The largest row id that can have a kept record. */
const MAX_ROW_ID = 2 ** 48 - 1;
const TABLE_FACTOR = 2 ** 48;

/** The numbers of the tables, which never change. */
const TABLE_NUMBERS: Readonly<Record<ValueBucket, number>> = {
  sync_run: 1,
  resource_type: 2,
  resource: 3,
  entitlement: 4,
  grant: 5,
  asset: 6,
  sync_stats: 7,
};

/** The id of a row's kept record; undefined if the row cannot have one. */
export function keptRecordId(bucket: ValueBucket, rowId: RowId): number | undefined {
  const isSmall = typeof rowId === 'number' && rowId >= 0 && rowId <= MAX_ROW_ID;
  return isSmall ? TABLE_NUMBERS[bucket] * TABLE_FACTOR + rowId : undefined;
}

/** The range of ids of a bucket. */
export function keptRecordIds(bucket: ValueBucket): {
  readonly first: number;
  readonly last: number;
} {
  const first = TABLE_NUMBERS[bucket] * TABLE_FACTOR;
  return { first, last: first + MAX_ROW_ID };
}

/** The buckets whose records have rows. */
export type RowBucket = Exclude<ValueBucket, 'sync_stats'>;

/** Converts rows of a bucket to records and back. */
interface Translation<Row, R> {
  toRow(record: R, zone: Zone): Row;
  toRecord(syncId: string, row: Row, zone: Zone): R;
}

type Translations = {
  readonly [B in RowBucket]: Translation<RowOf<B>, RecordByBucket[B]>;
};

/** The type of a bucket's rows. */
export type RowOf<B extends RowBucket> = B extends 'sync_run'
  ? SyncRunRow
  : RowByTable[(typeof TABLE_OF_BUCKET)[Exclude<B, 'sync_run'>]];

export const TABLE_OF_BUCKET = {
  resource_type: 'v1_resource_types',
  resource: 'v1_resources',
  entitlement: 'v1_entitlements',
  grant: 'v1_grants',
  asset: 'v1_assets',
} as const;

export const TRANSLATIONS: Translations = {
  sync_run: { toRow: syncRunRow, toRecord: (_, row, zone) => syncRunRecord(row, zone) },
  resource_type: { toRow: resourceTypeRow, toRecord: resourceTypeRecord },
  resource: { toRow: resourceRow, toRecord: resourceRecord },
  entitlement: { toRow: entitlementRow, toRecord: entitlementRecord },
  grant: { toRow: grantRow, toRecord: grantRecord },
  asset: { toRow: assetRow, toRecord: assetRecord },
};

/**
 * Returns the bytes of the record that a reader derives from a record's own row.
 * @throws C1zError SSTITCH_C1Z_CORRUPT if a reader refuses the row
 */
export function readBack<B extends RowBucket>(bucket: B, record: RecordByBucket[B]): Uint8Array {
  const { toRow, toRecord } = TRANSLATIONS[bucket] as Translation<RowOf<B>, RecordByBucket[B]>;
  return encodeRecord(toRecord(record.syncId, toRow(record, UTC), UTC) as SyncRecord);
}

/**
 * Combines a row with its kept record; returns the bytes of the record.
 * @param read the bytes of the record derived from the row
 * @param kept the row's kept record
 */
export function withKeptRecord(
  bucket: RowBucket,
  syncId: string,
  read: Uint8Array,
  kept: Uint8Array,
): Uint8Array {
  try {
    const record = decodeRecord(bucket, new Uint8Array(0), kept);
    const isOwn = record.syncId === syncId && equalBytes(readBack(bucket, record), read);
    return isOwn ? kept : read;
  } catch {
    // No row can have this record, so the kept record is ignored.
    return read;
  }
}
