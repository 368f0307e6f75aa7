import { parseSyncId, type SyncIdBytes } from '@sstitch/keys';
import { encodeRecord } from './encode.js';
import { RecordsError } from './errors.js';
import { indexEntries } from './indexes.js';
import { primaryKey, type SyncRecord } from './record-types.js';

/** A key and its value. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A record as it is stored. */
export interface EncodedRecord extends Entry {
  /** The keys of its index entries, whose values are empty. */
  readonly indexKeys: readonly Uint8Array[];
}

/** The value of every index entry. */
export const EMPTY_VALUE = new Uint8Array(0);

/**
 * A record as it is stored in its sync.
 *
 * @param syncIdText - the text form of `syncId`.
 * @throws {@link RecordsError} SSTITCH_RECORD_SYNC_MISMATCH on a record of another sync,
 * SSTITCH_RECORD_INVALID on one that cannot be encoded.
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

/** @throws {@link RecordsError} SSTITCH_RECORD_SYNC_MISMATCH on a record of another sync. */
export function checkSync(syncId: SyncIdBytes, syncIdText: string, record: SyncRecord): void {
  if (record.syncId === syncIdText) return;
  throw new RecordsError(
    'SSTITCH_RECORD_SYNC_MISMATCH',
    `a record of sync ${JSON.stringify(record.syncId)} cannot be put into sync ${syncIdText}`,
    { key: primaryKey(syncId, record) },
  );
}

/**
 * Every entry of fresh records: each record, then its index entries. Pure: for bulk loading into a place
 * that holds nothing of the sync yet. The entries are not sorted, and an id must not come twice: both
 * records' index entries would be there.
 *
 * @throws {@link RecordsError} as {@link encodeForSync}, and KeysError on ids that cannot be in a key.
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
