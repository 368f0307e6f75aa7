// Lists records in the order of their own keys or of an index.
import {
  byteEncodings,
  type EngineSnapshot,
  type EntryPage,
  type ReadableEngine,
  type Span,
  spanContains,
} from '@sstitch/contract';
import {
  bucketLayout,
  buildKey,
  buildKeyPrefix,
  decodeTuple,
  parseSyncId,
  prefixSpan,
  SYNC_ID_LENGTH_BYTES,
  type SyncIdBytes,
  syncRunKey,
  toHex,
} from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import { RecordsError } from '../errors.js';
import type { SyncRunRecord, SyncStatsRecord } from '../gen/c1/storage/v3/records_pb.js';
import {
  type IndexBucket,
  type IndexedBucket,
  indexEntries,
  listedIds,
} from '../indexes/indexes.js';
import type { CountedBucket } from '../record-types.js';
import { primaryKey, type RecordByBucket } from '../record-types.js';
import { type ListOptions, RecordList } from './record-list.js';

/** The records of a bucket whose keys start with these ids. */
export function listRecords<B extends CountedBucket>(
  engine: ReadableEngine,
  bucket: B,
  syncId: SyncIdBytes,
  firstIds: readonly string[],
  options: ListOptions<RecordByBucket[B]>,
): RecordList<RecordByBucket[B]> {
  const span = prefixSpan(buildKeyPrefix(bucket, syncId, firstIds));
  const source = {
    order: { span, reverse: options.reverse ?? false },
    readsValues: true,
    read: async (entries: EntryPage) =>
      entries.map(([key, value]) => decodeRecord(bucket, key, value)),
    keyOf: (record: RecordByBucket[B]) => within(span, primaryKey(syncId, record)),
    counted: {
      syncId,
      of: (stats: SyncStatsRecord) => countIn(stats, bucket, firstIds[0]),
    },
  };
  return new RecordList(engine, source, options);
}

/** The records that an index lists under these first elements, in index order. */
export function listByIndex<I extends IndexBucket>(
  engine: ReadableEngine,
  index: I,
  syncId: SyncIdBytes,
  firstElements: readonly string[],
  options: ListOptions<RecordByBucket[IndexedBucket[I]]>,
): RecordList<RecordByBucket[IndexedBucket[I]]> {
  type Listed = RecordByBucket[IndexedBucket[I]];
  const span = prefixSpan(buildKeyPrefix(index, syncId, firstElements));
  const source = {
    order: { span, reverse: options.reverse ?? false },
    readsValues: false,
    read: (entries: EntryPage, snapshot: EngineSnapshot) =>
      readListed(engine, index, syncId, entries, snapshot),
    keyOf: (record: Listed) =>
      within(span, indexEntries(syncId, record).find(({ bucket }) => bucket === index)?.key),
  };
  return new RecordList(engine, source, options);
}

/** The runs of all syncs, in the order of their ids. */
export function listSyncRuns(
  engine: ReadableEngine,
  options: ListOptions<SyncRunRecord>,
): RecordList<SyncRunRecord> {
  const source = {
    order: {
      span: prefixSpan(bucketLayout('sync_run').prefix),
      reverse: options.reverse ?? false,
    },
    readsValues: true,
    read: async (entries: EntryPage) =>
      entries.map(([key, value]) => decodeRecord('sync_run', key, value)),
    keyOf: ({ syncId }: SyncRunRecord) => syncRunKey(parseSyncId(syncId)),
  };
  return new RecordList(engine, source, options);
}

/** The records that index entries list. */
async function readListed<I extends IndexBucket>(
  engine: ReadableEngine,
  index: I,
  syncId: SyncIdBytes,
  entries: EntryPage,
  snapshot: EngineSnapshot,
): Promise<Array<RecordByBucket[IndexedBucket[I]]>> {
  const bucket = bucketLayout(index).indexOf as IndexedBucket[I];
  // The bucket and the sync are known, so only the elements are decoded.
  const elementsOffset = bucketLayout(index).prefix.length + SYNC_ID_LENGTH_BYTES;
  const keys = entries.map(([key]) =>
    buildKey(bucket, syncId, listedIds(index, decodeTuple(key, elementsOffset))),
  );
  const values = await engine.getMany(keys, { ...byteEncodings, snapshot });
  return keys.map((key, at) => {
    const value = values[at];
    if (value === undefined) throw strayEntry(entries[at]?.[0] ?? key, key);
    return decodeRecord(bucket, key, value);
  });
}

/** The number of records in a bucket, or of one resource type in it, according to statistics. */
function countIn(
  stats: SyncStatsRecord,
  bucket: CountedBucket,
  resourceTypeId: string | undefined,
): bigint {
  switch (bucket) {
    case 'resource_type':
      return stats.resourceTypes;
    case 'resource': {
      if (resourceTypeId === undefined) return stats.resources;
      const counts = stats.resourcesByResourceType;
      return Object.hasOwn(counts, resourceTypeId) ? (counts[resourceTypeId] ?? 0n) : 0n;
    }
    case 'entitlement':
      return stats.entitlements;
    case 'grant':
      return stats.grants;
    case 'asset':
      return stats.assets;
  }
}

function within(span: Span, key: Uint8Array | undefined): Uint8Array | undefined {
  return key !== undefined && spanContains(span, key) ? key : undefined;
}

function strayEntry(entryKey: Uint8Array, recordKey: Uint8Array): RecordsError {
  return new RecordsError(
    'SSTITCH_INDEX_STRAY',
    `index entry ${toHex(entryKey)} lists a missing record: ${toHex(recordKey)}`,
    { key: entryKey },
  );
}
