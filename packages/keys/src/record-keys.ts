import { buildKey, buildKeyPrefix } from './build-key.js';
import type { SyncIdBytes } from './sync-id.js';

/** The key of a resource type. */
export function resourceTypeKey(syncId: SyncIdBytes, externalId: string): Uint8Array {
  return buildKey('resource_type', syncId, [externalId]);
}

/** The key of a resource. */
export function resourceKey(
  syncId: SyncIdBytes,
  resourceTypeId: string,
  resourceId: string,
): Uint8Array {
  return buildKey('resource', syncId, [resourceTypeId, resourceId]);
}

/** The prefix of the keys of all resources of one type. */
export function resourcePrefix(syncId: SyncIdBytes, resourceTypeId: string): Uint8Array {
  return buildKeyPrefix('resource', syncId, [resourceTypeId]);
}

/** The key of an entitlement. */
export function entitlementKey(syncId: SyncIdBytes, externalId: string): Uint8Array {
  return buildKey('entitlement', syncId, [externalId]);
}

/** The key of a grant. */
export function grantKey(syncId: SyncIdBytes, externalId: string): Uint8Array {
  return buildKey('grant', syncId, [externalId]);
}

/** The key of an asset. */
export function assetKey(syncId: SyncIdBytes, externalId: string): Uint8Array {
  return buildKey('asset', syncId, [externalId]);
}

/** The key of a sync's run record. */
export function syncRunKey(syncId: SyncIdBytes): Uint8Array {
  return buildKey('sync_run', syncId, []);
}

/** The key of a sync's statistics record. */
export function syncStatsKey(syncId: SyncIdBytes): Uint8Array {
  return buildKey('sync_stats', syncId, []);
}
