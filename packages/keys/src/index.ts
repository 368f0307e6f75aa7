export { buildKey, buildKeyPrefix } from './build-key.js';
export { KeysError, type KeysErrorCode } from './errors.js';
export {
  decodeBoolean,
  decodeI64,
  decodeU32,
  decodeU64,
  encodeBoolean,
  encodeI64,
  encodeU32,
  encodeU64,
} from './fixed-width.js';
export { toHex } from './hex.js';
export {
  entitlementByResourceKey,
  entitlementByResourcePrefix,
  grantByEntitlementKey,
  grantByEntitlementPrefix,
  grantByNeedsExpansionKey,
  grantByPrincipalKey,
  grantByPrincipalPrefix,
  grantByPrincipalResourceTypeKey,
  grantByPrincipalResourceTypePrefix,
  resourceByParentKey,
  resourceByParentPrefix,
} from './index-keys.js';
export { prefixSpan, prefixSuccessor } from './key-range.js';
export {
  BUCKETS,
  type Bucket,
  type BucketKind,
  type BucketLayout,
  bucketLayout,
  FORMAT_VERSION,
  INDEX_BUCKETS,
  RECORD_BUCKETS,
  RESERVED_RANGES,
  type ReservedRange,
  SYNC_ID_LENGTH_BYTES,
} from './layout.js';
export {
  type ClassifiedKey,
  classifyKey,
  KeyParser,
  type ParsedKey,
  parseKey,
} from './parse-key.js';
export {
  assetKey,
  entitlementKey,
  grantKey,
  resourceKey,
  resourcePrefix,
  resourceTypeKey,
  syncRunKey,
  syncStatsKey,
} from './record-keys.js';
export {
  createSyncId,
  formatSyncId,
  isSyncId,
  parseSyncId,
  type SyncIdBytes,
  syncIdBytes,
  syncIdTime,
} from './sync-id.js';
export { bucketSpan, type SyncSpan, syncSpans, syncSpansInKeyOrder } from './sync-spans.js';
export { decodeTuple, ESCAPE_BYTES_PER_CHARACTER, encodeTuple, writeElement } from './tuple.js';
