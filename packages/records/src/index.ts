export { decodeRecord, encodeRecord } from './encoding/encode.js';
export { RecordScanner } from './encoding/record-scanner.js';
export {
  ENTITLEMENT_FIELDS,
  GRANT_FIELDS,
  KEY_FIELDS,
  type ScannedField,
} from './encoding/scanned-fields.js';
export { RecordsError, type RecordsErrorCode, type RecordsErrorDetails } from './errors.js';
export {
  type AssetRecord,
  AssetRecordSchema,
  type CallStat,
  CallStatSchema,
  type EntitlementRecord,
  EntitlementRecordSchema,
  type EntitlementRef,
  EntitlementRefSchema,
  file_c1_storage_v3_records,
  type GrantExpandableRecord,
  GrantExpandableRecordSchema,
  type GrantRecord,
  GrantRecordSchema,
  type GrantSourceRecord,
  GrantSourceRecordSchema,
  type IngestQualityStats,
  IngestQualityStatsSchema,
  type PrincipalRef,
  PrincipalRefSchema,
  type ResourceRecord,
  ResourceRecordSchema,
  type ResourceRef,
  ResourceRefSchema,
  type ResourceTypeRecord,
  ResourceTypeRecordSchema,
  type SessionRecord,
  SessionRecordSchema,
  type StatusRecord,
  StatusRecord_ResourceStatus,
  StatusRecord_ResourceStatusSchema,
  StatusRecordSchema,
  type SyncRunRecord,
  SyncRunRecordSchema,
  type SyncStatsRecord,
  SyncStatsRecordSchema,
  SyncType,
  SyncTypeSchema,
} from './gen/c1/storage/v3/records_pb.js';
export { type IndexBucket, type IndexEntry, indexEntries, listedIds } from './indexes/indexes.js';
export { type Entry, recordEntries } from './indexes/record-entries.js';
export {
  type EntryTables,
  type EntryTablesOptions,
  type LoadedSync,
  type LoadProgress,
  RecordLoader,
  type RecordLoaderOptions,
  type TableStore,
} from './load/record-loader.js';
export { type CountOptions, countSync } from './read/count-sync.js';
export {
  type BucketDigest,
  type DigestOptions,
  type DigestProgress,
  digestSync,
  type SyncDigest,
} from './read/digest-sync.js';
export type { ListOptions, PageOptions, RecordList, RecordPage } from './read/record-list.js';
export type { SyncHistoryOptions, SyncQuery } from './read/sync-history.js';
export {
  type CountBucketOptions,
  type GetOptions,
  type ResourceName,
  SyncReader,
} from './read/sync-reader.js';
export {
  type CountedBucket,
  identityOf,
  isValueBucket,
  primaryKey,
  RECORD_SCHEMAS,
  type RecordByBucket,
  type RecordIdentity,
  type SyncRecord,
  VALUE_BUCKETS,
  type ValueBucket,
} from './record-types.js';
export type { RunMeasures } from './statistics/run-measures.js';
export { countedType, SyncCounter } from './statistics/sync-counter.js';
export type { DiscoveredRecord } from './store/newer-record.js';
export type {
  EndedSync,
  EndSyncOptions,
  RecountOptions,
  ResumeSyncOptions,
  StartSyncOptions,
} from './store/sync-runs.js';
export { SyncStore, type SyncStoreOptions } from './store/sync-store.js';
export { writeIfUnchanged } from './store/write-if-unchanged.js';
export { withWriteLock } from './store/write-lock.js';
export {
  type ExclusiveWriter,
  type WriteOptions,
  writeExclusively,
} from './store/write-records.js';
export { dateOf } from './timestamps.js';
export { RecordBatch } from './transfer/record-batch.js';
export {
  type ReplacedVersion,
  replacedVersionOf,
  replacedVersionToken,
} from './transfer/replaced-run.js';
export { StoreSink } from './transfer/store-sink.js';
export { StoreSource, type StoreSourceOptions } from './transfer/store-source.js';
export { SyncIdField } from './transfer/sync-id-field.js';
export type { BatchOptions, SyncSink, SyncSource } from './transfer/sync-transfer.js';
export type { IndexProblem, IndexProblemKind } from './verify/index-problem.js';
export {
  type FaultsOptions,
  type FaultsProgress,
  SyncVerifier,
} from './verify/sync-verifier.js';
export {
  type VerifyIndexesProgress,
  type VerifyOptions,
  verifyIndexes,
} from './verify/verify-indexes.js';
