// The key layouts of the Pebble database in a format 3 file. baton-sdk has had three:
//
//   v1        bucket sync T(ids)   as in a store: several syncs, ids as in `identityOf`
//   pebble2   bucket T(ids)        one sync, the same ids
//   pebble3   bucket T(parts)      one sync; entitlements by resource, grants by entitlement and principal
//
//   bucket    03, then 01 resource type, 02 resource, 03 entitlement, 04 grant, 05 asset, 06 the run
//   sync      20 bytes, a KSUID in binary
//   T(a, b…)  00 a 00 b…, with 00 inside an element as 01 01 and 01 as 01 02
//   ids       the external id; for a resource, its type and id
//   parts     resource type, asset: external id; resource: type, id; entitlement: E;
//             grant: E, principal's type, principal's id
//   E         resource type, resource id, "1", the rest of the entitlement's id after "type:id:";
//             or resource type, resource id, "0", the whole id if it does not begin with that
//
//   03 FF "stats" 00 [sync]                       statistics of the sync; the sync only in v1
//   03 FF "keyspace_version"                      u32 big-endian, 2: pebble2 or pebble3
//   03 FF "grant_entitlement_id_format"           u32 big-endian, 2: pebble3
import { bucketLayout, encodeTuple, type SyncIdBytes } from '@sstitch/keys';
import { identityOf, type SyncRecord, type ValueBucket } from '@sstitch/records';

export type KeyLayout = 'v1' | 'pebble2' | 'pebble3';

/** The buckets that hold the records of a sync. */
export const RECORD_BUCKETS = [
  'resource_type',
  'resource',
  'entitlement',
  'grant',
  'asset',
] as const;
export type RecordBucket = (typeof RECORD_BUCKETS)[number];

const METADATA = Uint8Array.of(0x03, 0xff);
export const KEYSPACE_VERSION_KEY = metadataKey('keyspace_version');
export const ID_FORMAT_KEY = metadataKey('grant_entitlement_id_format');
/** The value of both keys, as u32 big-endian. */
export const STAMP = Uint8Array.of(0, 0, 0, 2);

function metadataKey(name: string): Uint8Array {
  return joined(METADATA, new TextEncoder().encode(name));
}

/** The prefix of all keys of a bucket. */
export function bucketPrefix(
  layout: KeyLayout,
  bucket: ValueBucket,
  syncId: SyncIdBytes | undefined,
): Uint8Array {
  const { prefix } = bucketLayout(bucket);
  return layout === 'v1' && syncId !== undefined ? joined(prefix, syncId) : prefix;
}

/**
 * Returns the parts of a record's key after its prefix.
 * @throws Error that names the missing part if the record lacks one
 */
export function keyParts(layout: KeyLayout, record: SyncRecord): readonly string[] {
  if (layout === 'pebble3') {
    if (record.$typeName === 'c1.storage.v3.EntitlementRecord') {
      const { resource, externalId } = record;
      return entitlementParts(resource?.resourceTypeId, resource?.resourceId, externalId);
    }
    if (record.$typeName === 'c1.storage.v3.GrantRecord') {
      const { entitlement, principal } = record;
      return [
        ...entitlementParts(
          entitlement?.resourceTypeId,
          entitlement?.resourceId,
          present(entitlement?.entitlementId, 'entitlement'),
        ),
        ...principalParts(principal?.resourceTypeId, principal?.resourceId),
      ];
    }
  }
  return identityOf(record).ids;
}

/** Encodes a record's key. */
export function recordKey(prefix: Uint8Array, parts: readonly string[]): Uint8Array {
  return joined(prefix, encodeTuple(parts));
}

function entitlementParts(
  resourceTypeId: string | undefined,
  resourceId: string | undefined,
  entitlementId: string,
): readonly string[] {
  const type = present(resourceTypeId, "entitlement's resource type");
  const id = present(resourceId, "entitlement's resource");
  const start = `${type}:${id}:`;
  return entitlementId.startsWith(start)
    ? [type, id, '1', entitlementId.slice(start.length)]
    : [type, id, '0', entitlementId];
}

function principalParts(
  resourceTypeId: string | undefined,
  resourceId: string | undefined,
): readonly string[] {
  return [present(resourceTypeId, "principal's resource type"), present(resourceId, 'principal')];
}

function present(part: string | undefined, what: string): string {
  if (part !== undefined && part !== '') return part;
  throw new Error(`it names no ${what}`);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
