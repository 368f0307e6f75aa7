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

/** What the keys of all resources of one parent start with; of one child type where that is given. */
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

/** What the keys of all entitlements of one resource, or of all resources of one type, start with. */
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

/** What the keys of all grants of one entitlement start with; of one principal type, or one principal, where given. */
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

/** What the keys of all grants to one principal start with. */
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

/** What the keys of all grants to principals of one type start with. */
export function grantByPrincipalResourceTypePrefix(
  syncId: SyncIdBytes,
  principalResourceTypeId: string,
): Uint8Array {
  return buildKeyPrefix('grant_by_principal_resource_type', syncId, [principalResourceTypeId]);
}

/** The key that lists a grant whose expansion is still to be done. */
export function grantByNeedsExpansionKey(syncId: SyncIdBytes, externalId: string): Uint8Array {
  return buildKey('grant_by_needs_expansion', syncId, [externalId]);
}

/** The elements up to the first one not given: a key prefix has no gaps. */
function given(elements: readonly (string | undefined)[]): string[] {
  const end = elements.indexOf(undefined);
  return elements.slice(0, end < 0 ? elements.length : end) as string[];
}
