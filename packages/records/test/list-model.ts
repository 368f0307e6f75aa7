// A model of lists, computed from an array: records sorted by key, and the gaps between them.
import { compareBytes } from '@sstitch/contract';
import { type Bucket, buildKey, parseSyncId } from '@sstitch/keys';
import type { RecordList } from '../src/read/record-list.js';
import type { SyncReader } from '../src/read/sync-reader.js';
import type { SyncRecord } from '../src/record-types.js';
import { SYNC } from './records.js';

/** A list of the reader and its expected content. */
export interface ListCase {
  readonly name: string;
  list(reader: SyncReader, options: { reverse: boolean }): RecordList<SyncRecord>;
  /** The bucket and the elements of a record's key in the list; undefined if the list does not hold the record. */
  place(record: SyncRecord): readonly [Bucket, readonly string[]] | undefined;
}

/** A position between two records: before or after a key, in the order of the list. */
export interface Gap {
  readonly key: Uint8Array;
  readonly side: 'before' | 'after';
  readonly direction: 'next' | 'previous';
}

export interface ModelPage {
  readonly records: readonly SyncRecord[];
  readonly next: Gap | undefined;
  readonly previous: Gap | undefined;
}

/** The page that a list of these records should return. */
export function modelPage(
  { place }: ListCase,
  records: Iterable<SyncRecord>,
  reverse: boolean,
  gap: Gap | undefined,
  limit: number,
): ModelPage {
  const order = reverse ? -1 : 1;
  const all: Array<{ readonly key: Uint8Array; readonly record: SyncRecord }> = [];
  for (const record of records) {
    const found = place(record);
    if (found === undefined) continue;
    all.push({ key: buildKey(found[0], parseSyncId(record.syncId), found[1]), record });
  }
  all.sort((a, b) => order * compareBytes(a.key, b.key));
  const firstAfter = (at: Gap) => {
    const index = all.findIndex(({ key }) => {
      const compared = order * compareBytes(key, at.key);
      return at.side === 'before' ? compared >= 0 : compared > 0;
    });
    return index < 0 ? all.length : index;
  };
  const middle = gap === undefined ? 0 : firstAfter(gap);
  const isBack = gap?.direction === 'previous';
  const from = isBack ? Math.max(0, middle - limit) : middle;
  const to = isBack ? middle : Math.min(all.length, middle + limit);
  const page = all.slice(from, to);
  const [first, last] = [page[0], page.at(-1)];
  const before = first === undefined ? gap : { key: first.key, side: 'before' as const };
  const after = last === undefined ? gap : { key: last.key, side: 'after' as const };
  return {
    records: page.map(({ record }) => record),
    next: after && to < all.length ? { ...after, direction: 'next' } : undefined,
    previous: before && from > 0 ? { ...before, direction: 'previous' } : undefined,
  };
}

const STAFF = { resourceTypeId: 'group', resourceId: 'staff' };
const ANN = { resourceTypeId: 'user', resourceId: 'ann' };

/** Every kind of list. */
export const LIST_CASES: readonly ListCase[] = [
  {
    name: 'resource types',
    list: (reader, options) => reader.listResourceTypes(SYNC, options),
    place: (record) =>
      isOf(record, 'ResourceType') ? ['resource_type', [record.externalId]] : undefined,
  },
  {
    name: 'resources',
    list: (reader, options) => reader.listResources(SYNC, options),
    place: (record) =>
      isOf(record, 'Resource')
        ? ['resource', [record.resourceTypeId, record.resourceId]]
        : undefined,
  },
  {
    name: 'resources of a type',
    list: (reader, options) => reader.listResources(SYNC, { ...options, resourceTypeId: 'user' }),
    place: (record) =>
      isOf(record, 'Resource') && record.resourceTypeId === 'user'
        ? ['resource', [record.resourceTypeId, record.resourceId]]
        : undefined,
  },
  {
    name: 'resources by parent',
    list: (reader, options) => reader.listResourcesByParent(SYNC, STAFF, options),
    place: (record) =>
      isOf(record, 'Resource') && isNamed(record.parent, STAFF)
        ? ['resource_by_parent', ['group', 'staff', record.resourceTypeId, record.resourceId]]
        : undefined,
  },
  {
    name: 'entitlements',
    list: (reader, options) => reader.listEntitlements(SYNC, options),
    place: (record) =>
      isOf(record, 'Entitlement') ? ['entitlement', [record.externalId]] : undefined,
  },
  {
    name: 'entitlements by resource',
    list: (reader, options) => reader.listEntitlementsByResource(SYNC, STAFF, options),
    place: (record) =>
      isOf(record, 'Entitlement') && isNamed(record.resource, STAFF)
        ? ['entitlement_by_resource', ['group', 'staff', record.externalId]]
        : undefined,
  },
  {
    name: 'grants',
    list: (reader, options) => reader.listGrants(SYNC, options),
    place: (record) => (isOf(record, 'Grant') ? ['grant', [record.externalId]] : undefined),
  },
  {
    name: 'grants by entitlement',
    list: (reader, options) => reader.listGrantsByEntitlement(SYNC, 'staff:member', options),
    place: (record) =>
      isOf(record, 'Grant') &&
      record.entitlement?.entitlementId === 'staff:member' &&
      record.principal !== undefined
        ? [
            'grant_by_entitlement',
            [
              'staff:member',
              record.principal.resourceTypeId,
              record.principal.resourceId,
              record.externalId,
            ],
          ]
        : undefined,
  },
  {
    name: 'grants by entitlement and principal',
    list: (reader, options) =>
      reader.listGrantsByEntitlement(SYNC, 'staff:member', { ...options, principal: ANN }),
    place: (record) =>
      isOf(record, 'Grant') &&
      record.entitlement?.entitlementId === 'staff:member' &&
      isNamed(record.principal, ANN)
        ? ['grant_by_entitlement', ['staff:member', 'user', 'ann', record.externalId]]
        : undefined,
  },
  {
    name: 'grants by principal',
    list: (reader, options) => reader.listGrantsByPrincipal(SYNC, ANN, options),
    place: (record) =>
      isOf(record, 'Grant') && isNamed(record.principal, ANN)
        ? ['grant_by_principal', ['user', 'ann', record.externalId]]
        : undefined,
  },
  {
    name: 'grants by resource type of the principal',
    list: (reader, options) => reader.listGrantsByPrincipalResourceType(SYNC, 'user', options),
    place: (record) =>
      isOf(record, 'Grant') && record.principal?.resourceTypeId === 'user'
        ? ['grant_by_principal_resource_type', ['user', record.externalId]]
        : undefined,
  },
  {
    name: 'grants that need expansion',
    list: (reader, options) => reader.listGrantsNeedingExpansion(SYNC, options),
    place: (record) =>
      isOf(record, 'Grant') && record.needsExpansion
        ? ['grant_by_needs_expansion', [record.externalId]]
        : undefined,
  },
  {
    name: 'assets',
    list: (reader, options) => reader.listAssets(SYNC, options),
    place: (record) => (isOf(record, 'Asset') ? ['asset', [record.externalId]] : undefined),
  },
  {
    name: 'runs',
    list: (reader, options) => reader.listSyncRuns(options),
    place: (record) => (isOf(record, 'SyncRun') ? ['sync_run', []] : undefined),
  },
];

type Kind = 'ResourceType' | 'Resource' | 'Entitlement' | 'Grant' | 'Asset' | 'SyncRun';

function isOf<K extends Kind>(
  record: SyncRecord,
  kind: K,
): record is SyncRecord & { readonly $typeName: `c1.storage.v3.${K}Record` } {
  return record.$typeName === `c1.storage.v3.${kind}Record`;
}

function isNamed(
  name: { readonly resourceTypeId: string; readonly resourceId: string } | undefined,
  other: { readonly resourceTypeId: string; readonly resourceId: string },
): boolean {
  return (
    name !== undefined &&
    name.resourceTypeId === other.resourceTypeId &&
    name.resourceId === other.resourceId
  );
}
