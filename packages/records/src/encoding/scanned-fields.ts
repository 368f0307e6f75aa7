// The fields of each record that make its key, its index entries and its count: their paths in the schema, and
// the numbers by which a RecordScanner returns them.

import type { CountedBucket } from '../record-types.js';

/** A field of a bucket, by its number. */
export type ScannedField = number;

/** The field sync_id, which all records have. */
export const SYNC_ID: ScannedField = 0;

const RESOURCE_TYPE_FIELDS = { sync_id: SYNC_ID, external_id: 1 } as const;

export const RESOURCE_FIELDS = {
  sync_id: SYNC_ID,
  resource_type_id: 1,
  resource_id: 2,
  parent: 3,
  'parent.resource_type_id': 4,
  'parent.resource_id': 5,
} as const;

/** The numbers of the fields that a scan of an entitlement finds. */
export const ENTITLEMENT_FIELDS = {
  sync_id: SYNC_ID,
  external_id: 1,
  resource: 2,
  'resource.resource_type_id': 3,
  'resource.resource_id': 4,
} as const;

/** The numbers of the fields that a scan of a grant finds. */
export const GRANT_FIELDS = {
  sync_id: SYNC_ID,
  external_id: 1,
  entitlement: 2,
  'entitlement.resource_type_id': 3,
  'entitlement.resource_id': 4,
  'entitlement.entitlement_id': 5,
  principal: 6,
  'principal.resource_type_id': 7,
  'principal.resource_id': 8,
  needs_expansion: 9,
} as const;

const ASSET_FIELDS = { sync_id: SYNC_ID, external_id: 1 } as const;

/** The numbers of the fields by their paths. */
export const SCANNED_FIELDS: Readonly<
  Record<CountedBucket, Readonly<Record<string, ScannedField>>>
> = {
  resource_type: RESOURCE_TYPE_FIELDS,
  resource: RESOURCE_FIELDS,
  entitlement: ENTITLEMENT_FIELDS,
  grant: GRANT_FIELDS,
  asset: ASSET_FIELDS,
};

/** At least the number of fields of any bucket. */
export const MAX_SCANNED_FIELDS = 10;

/** The elements of a record's key. */
export const KEY_FIELDS: Readonly<Record<CountedBucket, readonly ScannedField[]>> = {
  resource_type: [RESOURCE_TYPE_FIELDS.external_id],
  resource: [RESOURCE_FIELDS.resource_type_id, RESOURCE_FIELDS.resource_id],
  entitlement: [ENTITLEMENT_FIELDS.external_id],
  grant: [GRANT_FIELDS.external_id],
  asset: [ASSET_FIELDS.external_id],
};

/** The field with the resource type by which statistics count a record, if they do. */
export const COUNTED_TYPE_FIELD: Readonly<Record<CountedBucket, ScannedField | undefined>> = {
  resource_type: undefined,
  resource: RESOURCE_FIELDS.resource_type_id,
  entitlement: ENTITLEMENT_FIELDS['resource.resource_type_id'],
  grant: GRANT_FIELDS['entitlement.resource_type_id'],
  asset: undefined,
};
