import { buildKey, buildKeyPrefix } from './build-key.js';
import type { SyncIdBytes } from './sync-id.js';

/** The key that lists a resource under its parent. */
export function resourceByParentKey(
  syncId: SyncIdBytes,
  parentResourceTypeId: string,
  parentResourceId: string,
  childResourceTypeId: string,
  childResourceId: string,
): Uint8Array {
  return buildKey('resource_by_parent', syncId, [
    parentResourceTypeId,
    parentResourceId,
    childResourceTypeId,
    childResourceId,
  ]);
}

/** The prefix of the keys of all resources of one parent, or of those of one child type. */
export function resourceByParentPrefix(
  syncId: SyncIdBytes,
  parentResourceTypeId: string,
  parentResourceId: string,
  childResourceTypeId?: string,
): Uint8Array {
  return buildKeyPrefix(
    'resource_by_parent',
    syncId,
    given([parentResourceTypeId, parentResourceId, childResourceTypeId]),
  );
}

/** The key that lists an entitlement under its resource. */
export function entitlementByResourceKey(
  syncId: SyncIdBytes,
  resourceTypeId: string,
  resourceId: string,
  externalId: string,
): Uint8Array {
  return buildKey('entitlement_by_resource', syncId, [resourceTypeId, resourceId, externalId]);
}

/** The prefix of the keys of all entitlements of one resource, or of all resources of one type. */
export function entitlementByResourcePrefix(
  syncId: SyncIdBytes,
  resourceTypeId: string,
  resourceId?: string,
): Uint8Array {
  return buildKeyPrefix('entitlement_by_resource', syncId, given([resourceTypeId, resourceId]));
}

/** The key that lists a grant under its entitlement. */
export function grantByEntitlementKey(
  syncId: SyncIdBytes,
  entitlementId: string,
  principalResourceTypeId: string,
  principalResourceId: string,
  externalId: string,
): Uint8Array {
  return buildKey('grant_by_entitlement', syncId, [
    entitlementId,
    principalResourceTypeId,
    principalResourceId,
    externalId,
  ]);
}

/** The prefix of the keys of all grants of one entitlement, or of those to one principal type or one principal. */
export function grantByEntitlementPrefix(
  syncId: SyncIdBytes,
  entitlementId: string,
  principalResourceTypeId?: string,
  principalResourceId?: string,
): Uint8Array {
  return buildKeyPrefix(
    'grant_by_entitlement',
    syncId,
    given([entitlementId, principalResourceTypeId, principalResourceId]),
  );
}

/** The key that lists a grant under its principal. */
export function grantByPrincipalKey(
  syncId: SyncIdBytes,
  principalResourceTypeId: string,
  principalResourceId: string,
  externalId: string,
): Uint8Array {
  return buildKey('grant_by_principal', syncId, [
    principalResourceTypeId,
    principalResourceId,
    externalId,
  ]);
}

/** The prefix of the keys of all grants to one principal. */
export function grantByPrincipalPrefix(
  syncId: SyncIdBytes,
  principalResourceTypeId: string,
  principalResourceId: string,
): Uint8Array {
  return buildKeyPrefix('grant_by_principal', syncId, [
    principalResourceTypeId,
    principalResourceId,
  ]);
}

/** The key that lists a grant under the resource type of its principal. */
export function grantByPrincipalResourceTypeKey(
  syncId: SyncIdBytes,
  principalResourceTypeId: string,
  externalId: string,
): Uint8Array {
  return buildKey('grant_by_principal_resource_type', syncId, [
    principalResourceTypeId,
    externalId,
  ]);
}

/** The prefix of the keys of all grants to principals of one type. */
export function grantByPrincipalResourceTypePrefix(
  syncId: SyncIdBytes,
  principalResourceTypeId: string,
): Uint8Array {
  return buildKeyPrefix('grant_by_principal_resource_type', syncId, [principalResourceTypeId]);
}

/** The key that lists a grant that is not expanded yet. */
export function grantByNeedsExpansionKey(syncId: SyncIdBytes, externalId: string): Uint8Array {
  return buildKey('grant_by_needs_expansion', syncId, [externalId]);
}

/** The elements up to the first undefined one: a key prefix has no gaps. */
function given(elements: readonly (string | undefined)[]): string[] {
  const end = elements.indexOf(undefined);
  return elements.slice(0, end < 0 ? elements.length : end) as string[];
}
