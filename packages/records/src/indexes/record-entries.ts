import { parseSyncId, type SyncIdBytes } from '@sstitch/keys';
import { encodeRecord } from '../encoding/encode.js';
import { RecordsError } from '../errors.js';
import { primaryKey, type SyncRecord } from '../record-types.js';
import { indexEntries } from './indexes.js';

/** A key and its value. */
export interface Entry {
  /** The key, as the store holds it. */
  readonly key: Uint8Array;
  /** The encoded record; empty for an index entry. */
  readonly value: Uint8Array;
}

/** The stored form of a record. */
export interface EncodedRecord extends Entry {
  /** The keys of its index entries; their values are empty. */
  readonly indexKeys: readonly Uint8Array[];
}

/** The value of every index entry. */
export const EMPTY_VALUE = new Uint8Array(0);

/**
 * Encodes a record for storage in its sync.
 *
 * @param syncIdText - the text form of `syncId`.
 * @throws {@link RecordsError} SSTITCH_RECORD_SYNC_MISMATCH on a record of another sync,
 * SSTITCH_RECORD_INVALID on a record that cannot be encoded.
 */
export function encodeForSync(
  syncId: SyncIdBytes,
  syncIdText: string,
  record: SyncRecord,
): EncodedRecord {
  const key = primaryKey(syncId, record);
  checkSync(syncId, syncIdText, record);
  const value = encodeRecord(record);
  return { key, value, indexKeys: indexEntries(syncId, record).map((entry) => entry.key) };
}

/** Checks that a record belongs to a sync. @throws {@link RecordsError} SSTITCH_RECORD_SYNC_MISMATCH otherwise */
export function checkSync(syncId: SyncIdBytes, syncIdText: string, record: SyncRecord): void {
  if (record.syncId === syncIdText) return;
  throw new RecordsError(
    'SSTITCH_RECORD_SYNC_MISMATCH',
    `a record of sync ${JSON.stringify(record.syncId)} cannot be put into sync ${syncIdText}`,
    { key: primaryKey(syncId, record) },
  );
}

/**
 * Returns every entry of new records: each record, then its index entries, for bulk loading where nothing of
 * the sync is stored yet. The entries are not sorted. Ids must be unique, because the result has the index
 * entries of every record.
 *
 * @throws {@link RecordsError} as {@link encodeForSync} does; KeysError on ids that cannot be in a key.
 */
export function recordEntries(syncId: string, records: Iterable<SyncRecord>): Entry[] {
  const bytes = parseSyncId(syncId);
  const entries: Entry[] = [];
  for (const record of records) {
    const { key, value, indexKeys } = encodeForSync(bytes, syncId, record);
    entries.push({ key, value });
    for (const indexKey of indexKeys) entries.push({ key: indexKey, value: EMPTY_VALUE });
  }
  return entries;
}
