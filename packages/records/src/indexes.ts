// Which index entries a record has. Pure; the rules are those of baton-sdk's storage v3:
//
//   resource_by_parent                a parent with a resource_id
//   entitlement_by_resource           a resource with a resource_id
//   grant_by_entitlement              an entitlement and a principal
//   grant_by_principal                a principal
//   grant_by_principal_resource_type  a principal
//   grant_by_needs_expansion          needs_expansion
import {
  type Bucket,
  bucketLayout,
  entitlementByResourceKey,
  grantByEntitlementKey,
  grantByNeedsExpansionKey,
  grantByPrincipalKey,
  grantByPrincipalResourceTypeKey,
  resourceByParentKey,
  type SyncIdBytes,
} from '@sstitch/keys';
import type {
  EntitlementRecord,
  GrantRecord,
  ResourceRecord,
} from './gen/c1/storage/v3/records_pb.js';
import type { SyncRecord, ValueBucket } from './record-types.js';

/** The buckets that hold index entries, and whose records they list. */
export interface IndexedBucket {
  readonly resource_by_parent: 'resource';
  readonly entitlement_by_resource: 'entitlement';
  readonly grant_by_entitlement: 'grant';
  readonly grant_by_principal: 'grant';
  readonly grant_by_principal_resource_type: 'grant';
  readonly grant_by_needs_expansion: 'grant';
}

/** A bucket of index entries. */
export type IndexBucket = keyof IndexedBucket & Bucket;

/** An index entry's bucket and key; its value is empty. */
export interface IndexEntry {
  readonly bucket: IndexBucket;
  readonly key: Uint8Array;
}

/** The index entries of a record, in the fixed order of the buckets; none for a record without indexes. */
export function indexEntries(syncId: SyncIdBytes, record: SyncRecord): IndexEntry[] {
  switch (record.$typeName) {
    case 'c1.storage.v3.ResourceRecord':
      return entriesOfResource(syncId, record);
    case 'c1.storage.v3.EntitlementRecord':
      return entriesOfEntitlement(syncId, record);
    case 'c1.storage.v3.GrantRecord':
      return entriesOfGrant(syncId, record);
    default:
      return [];
  }
}

/** Whether records of this bucket can have index entries. */
export function isIndexed(bucket: ValueBucket): boolean {
  return bucket === 'resource' || bucket === 'entitlement' || bucket === 'grant';
}

/** The ids of the record that an index entry lists, from the entry's own elements. */
export function listedIds(bucket: IndexBucket, elements: readonly string[]): readonly string[] {
  const recordBucket = bucketLayout(bucket).indexOf;
  if (recordBucket === undefined) throw new TypeError(`${bucket} is no index`);
  // Every index key ends in the whole of the record's own key.
  return elements.slice(-bucketLayout(recordBucket).elements.length);
}

function entriesOfResource(syncId: SyncIdBytes, record: ResourceRecord): IndexEntry[] {
  const { parent, resourceTypeId, resourceId } = record;
  if (parent === undefined || parent.resourceId === '') return [];
  return [
    {
      bucket: 'resource_by_parent',
      key: resourceByParentKey(
        syncId,
        parent.resourceTypeId,
        parent.resourceId,
        resourceTypeId,
        resourceId,
      ),
    },
  ];
}

function entriesOfEntitlement(syncId: SyncIdBytes, record: EntitlementRecord): IndexEntry[] {
  const { resource, externalId } = record;
  if (resource === undefined || resource.resourceId === '') return [];
  return [
    {
      bucket: 'entitlement_by_resource',
      key: entitlementByResourceKey(
        syncId,
        resource.resourceTypeId,
        resource.resourceId,
        externalId,
      ),
    },
  ];
}

function entriesOfGrant(syncId: SyncIdBytes, record: GrantRecord): IndexEntry[] {
  const { entitlement, principal, externalId } = record;
  const entries: IndexEntry[] = [];
  if (principal !== undefined) {
    const { resourceTypeId, resourceId } = principal;
    if (entitlement !== undefined) {
      entries.push({
        bucket: 'grant_by_entitlement',
        key: grantByEntitlementKey(
          syncId,
          entitlement.entitlementId,
          resourceTypeId,
          resourceId,
          externalId,
        ),
      });
    }
    entries.push(
      {
        bucket: 'grant_by_principal',
        key: grantByPrincipalKey(syncId, resourceTypeId, resourceId, externalId),
      },
      {
        bucket: 'grant_by_principal_resource_type',
        key: grantByPrincipalResourceTypeKey(syncId, resourceTypeId, externalId),
      },
    );
  }
  if (record.needsExpansion) {
    entries.push({
      bucket: 'grant_by_needs_expansion',
      key: grantByNeedsExpansionKey(syncId, externalId),
    });
  }
  return entries;
}
