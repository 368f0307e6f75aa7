// Random records of one sync with few ids, so that they often replace each other and have list keys that are
// hard to distinguish.
import fc from 'fast-check';
import { identityOf, type SyncRecord } from '../src/record-types.js';
import type { DiscoveredRecord } from '../src/store/newer-record.js';
import { asset, entitlement, grant, resource, resourceType, SYNC } from './records.js';

const id = fc.constantFrom('a', 'b', 'ann', 'a\0', '\x01', '', 'é');
const type = fc.constantFrom('user', 'group', 'use', '__proto__');
const reference = fc.option(
  fc.constantFrom(
    { resourceTypeId: 'group', resourceId: 'staff' },
    { resourceTypeId: 'group', resourceId: '' },
    { resourceTypeId: 'user', resourceId: 'ann' },
    { resourceTypeId: 'user', resourceId: 'a' },
  ),
);
const discoveredAt = fc.option(fc.record({ seconds: fc.bigInt(1n, 2n), nanos: fc.nat(2) }));

const anyResourceType = id.map((externalId) => resourceType(externalId));
const anyResource = fc
  .record({ type, id, parent: reference })
  .map(({ type: resourceTypeId, id: resourceId, parent }) => ({
    ...resource(''),
    resourceTypeId,
    resourceId,
    ...(parent && { parent: { $typeName: 'c1.storage.v3.ResourceRef' as const, ...parent } }),
  }));
const anyEntitlement = fc.record({ id, on: reference }).map(({ id: externalId, on }) => ({
  ...entitlement(externalId),
  ...(on && { resource: { $typeName: 'c1.storage.v3.ResourceRef' as const, ...on } }),
}));
const anyGrant = fc
  .record({ id, to: reference, of: fc.option(type), needsExpansion: fc.boolean() })
  .map(({ id: externalId, to, of, needsExpansion }) => {
    const record = grant(externalId, { needsExpansion });
    if (to === null) delete record.principal;
    else if (record.principal !== undefined) Object.assign(record.principal, to);
    if (of === null) delete record.entitlement;
    else if (record.entitlement !== undefined) record.entitlement.resourceTypeId = of;
    return record;
  });
const anyAsset = fc
  .record({ id, data: fc.uint8Array({ maxLength: 3 }) })
  .map(({ id: externalId, data }) => asset(externalId, data));

/** A record of any type that a connector discovers. */
export const anyRecord: fc.Arbitrary<DiscoveredRecord> = fc
  .tuple(
    fc.oneof(
      anyResourceType,
      anyResource,
      anyEntitlement,
      { arbitrary: anyGrant, weight: 3 },
      anyAsset,
    ),
    discoveredAt,
  )
  .map(([record, at]) => ({
    ...record,
    syncId: SYNC,
    ...(at && { discoveredAt: { $typeName: 'google.protobuf.Timestamp' as const, ...at } }),
  }));

/** The name of a record; records with the same key have the same name. */
export function nameOf(record: SyncRecord): string {
  const { bucket, ids } = identityOf(record);
  return JSON.stringify([bucket, ...ids]);
}
