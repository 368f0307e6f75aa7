// Derives the index entries of a record, by the rules of baton-sdk's storage v3. An index has an entry for a
// record with:
//
//   resource_by_parent                a parent with a resource_id
//   entitlement_by_resource           a resource with a resource_id
//   grant_by_entitlement              an entitlement and a principal
//   grant_by_principal                a principal
//   grant_by_principal_resource_type  a principal
//   grant_by_needs_expansion          needs_expansion
import { type Bucket, bucketLayout, buildKey, type SyncIdBytes } from '@sstitch/keys';
import type { RecordScanner } from '../encoding/record-scanner.js';
import {
  ENTITLEMENT_FIELDS,
  GRANT_FIELDS,
  RESOURCE_FIELDS,
  type ScannedField,
} from '../encoding/scanned-fields.js';
import type {
  EntitlementRecord,
  GrantRecord,
  ResourceRecord,
} from '../gen/c1/storage/v3/records_pb.js';
import type { SyncRecord, ValueBucket } from '../record-types.js';

/** The buckets of index entries, each with the bucket of the records that it lists. */
export interface IndexedBucket {
  /** Resources by their parent resource. */
  readonly resource_by_parent: 'resource';
  /** Entitlements by the resource to which they belong. */
  readonly entitlement_by_resource: 'entitlement';
  /** Grants by their entitlement, then by their principal. */
  readonly grant_by_entitlement: 'grant';
  /** Grants by their principal. */
  readonly grant_by_principal: 'grant';
  /** Grants by the resource type of their principal. */
  readonly grant_by_principal_resource_type: 'grant';
  /** Grants that an expansion has yet to follow. */
  readonly grant_by_needs_expansion: 'grant';
}

/** A bucket of index entries. */
export type IndexBucket = keyof IndexedBucket & Bucket;

/** An index entry's bucket and key; its value is empty. */
export interface IndexEntry {
  /** The index to which the entry belongs. */
  readonly bucket: IndexBucket;
  /** The whole key, prefix and sync id included. */
  readonly key: Uint8Array;
}

/** The index entries of a record, in the fixed order of the buckets; none for a record without indexes. */
export function indexEntries(syncId: SyncIdBytes, record: SyncRecord): IndexEntry[] {
  const entries: IndexEntry[] = [];
  visitIndexes(record, (bucket, elements) => {
    entries.push({ bucket, key: buildKey(bucket, syncId, elements) });
  });
  return entries;
}

/** Called for an index entry with its bucket and the elements of its key. */
export type IndexVisitor = (bucket: IndexBucket, elements: readonly string[]) => void;

/** Calls `visit` for each index entry of a record, in the fixed order of the buckets. */
export function visitIndexes(record: SyncRecord, visit: IndexVisitor): void {
  switch (record.$typeName) {
    case 'c1.storage.v3.ResourceRecord':
      visitResource(record, visit);
      break;
    case 'c1.storage.v3.EntitlementRecord':
      visitEntitlement(record, visit);
      break;
    case 'c1.storage.v3.GrantRecord':
      visitGrant(record, visit);
      break;
  }
}

/** Called for an index entry with its bucket and the fields that are the elements of its key. */
export type ScannedIndexVisitor = (bucket: IndexBucket, fields: readonly ScannedField[]) => void;

/** Like `visitIndexes`, for a scanned record. */
export function visitScannedIndexes(scanned: RecordScanner, visit: ScannedIndexVisitor): void {
  switch (scanned.bucket) {
    case 'resource':
      if (!scanned.isEmpty(RESOURCE_FIELDS['parent.resource_id']))
        visit('resource_by_parent', BY_PARENT);
      break;
    case 'entitlement':
      if (!scanned.isEmpty(ENTITLEMENT_FIELDS['resource.resource_id'])) {
        visit('entitlement_by_resource', BY_RESOURCE);
      }
      break;
    case 'grant':
      if (scanned.has(GRANT_FIELDS.principal)) {
        if (scanned.has(GRANT_FIELDS.entitlement)) visit('grant_by_entitlement', BY_ENTITLEMENT);
        visit('grant_by_principal', BY_PRINCIPAL);
        visit('grant_by_principal_resource_type', BY_PRINCIPAL_RESOURCE_TYPE);
      }
      if (scanned.isTrue(GRANT_FIELDS.needs_expansion)) {
        visit('grant_by_needs_expansion', BY_NEEDS_EXPANSION);
      }
      break;
  }
}

const BY_PARENT = [
  RESOURCE_FIELDS['parent.resource_type_id'],
  RESOURCE_FIELDS['parent.resource_id'],
  RESOURCE_FIELDS.resource_type_id,
  RESOURCE_FIELDS.resource_id,
];
const BY_RESOURCE = [
  ENTITLEMENT_FIELDS['resource.resource_type_id'],
  ENTITLEMENT_FIELDS['resource.resource_id'],
  ENTITLEMENT_FIELDS.external_id,
];
const BY_PRINCIPAL = [
  GRANT_FIELDS['principal.resource_type_id'],
  GRANT_FIELDS['principal.resource_id'],
  GRANT_FIELDS.external_id,
];
const BY_ENTITLEMENT = [GRANT_FIELDS['entitlement.entitlement_id'], ...BY_PRINCIPAL];
const BY_PRINCIPAL_RESOURCE_TYPE = [
  GRANT_FIELDS['principal.resource_type_id'],
  GRANT_FIELDS.external_id,
];
const BY_NEEDS_EXPANSION = [GRANT_FIELDS.external_id];

/** Whether records of this bucket can have index entries. */
export function isIndexed(bucket: ValueBucket): boolean {
  return bucket === 'resource' || bucket === 'entitlement' || bucket === 'grant';
}

/** The ids of the record that an index entry lists, from the entry's own elements. */
export function listedIds(bucket: IndexBucket, elements: readonly string[]): readonly string[] {
  const recordBucket = bucketLayout(bucket).indexOf;
  if (recordBucket === undefined) throw new TypeError(`${bucket} is not an index`);
  // Every index key ends in all elements of the record's own key.
  return elements.slice(-bucketLayout(recordBucket).elements.length);
}

function visitResource(
  { parent, resourceTypeId, resourceId }: ResourceRecord,
  visit: IndexVisitor,
): void {
  if (parent === undefined || parent.resourceId === '') return;
  const elements = [parent.resourceTypeId, parent.resourceId, resourceTypeId, resourceId];
  visit('resource_by_parent', elements);
}

function visitEntitlement({ resource, externalId }: EntitlementRecord, visit: IndexVisitor): void {
  if (resource === undefined || resource.resourceId === '') return;
  visit('entitlement_by_resource', [resource.resourceTypeId, resource.resourceId, externalId]);
}

function visitGrant(record: GrantRecord, visit: IndexVisitor): void {
  const { entitlement, principal, externalId } = record;
  if (principal !== undefined) {
    const { resourceTypeId, resourceId } = principal;
    if (entitlement !== undefined) {
      const { entitlementId } = entitlement;
      visit('grant_by_entitlement', [entitlementId, resourceTypeId, resourceId, externalId]);
    }
    visit('grant_by_principal', [resourceTypeId, resourceId, externalId]);
    visit('grant_by_principal_resource_type', [resourceTypeId, externalId]);
  }
  if (record.needsExpansion) visit('grant_by_needs_expansion', [externalId]);
}
