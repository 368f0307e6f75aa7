// Groups changes for their descriptions: grants by entitlement, resources by type, entitlements by resource. A group
// keeps its size and a few of its members.
//
// Invariant: there are at most `maxGroups` groups. A change that needs another one is only counted, by bucket and kind.
import type {
  CountedBucket,
  EntitlementRecord,
  GrantRecord,
  ResourceName,
  ResourceRecord,
} from '@sstitch/records';
import type { ChangeKind, RecordChange } from '../diff/record-change.js';

/** The most members that a group names. */
const NAMED_MEMBERS = 3;
const MAX_GROUPS = 10_000;

/** A named member of a group. */
export interface GroupMember {
  /** A principal, or the resource itself. */
  readonly resource?: ResourceName | undefined;
  /** The name in the record; otherwise it is looked up. */
  readonly name?: string | undefined;
  readonly fields: readonly string[];
  readonly change: RecordChange;
}

/** Changes of one kind to records of one bucket, which one sentence describes. */
export interface ChangeGroup {
  readonly bucket: CountedBucket;
  readonly kind: ChangeKind;
  /** The entitlement of grants. */
  readonly entitlementId?: string | undefined;
  /** The resource of grants and entitlements. */
  readonly resource?: ResourceName | undefined;
  /** The type of the resources, or of the grants' principals if all have the same. */
  resourceTypeId: string | undefined;
  count: number;
  readonly members: GroupMember[];
}

/** Changes beyond the limit of groups. */
export interface UngroupedChanges {
  readonly bucket: CountedBucket;
  readonly kind: ChangeKind;
  count: number;
}

/** Groups changes. */
export class ChangeGroups {
  readonly #groups = new Map<string, ChangeGroup>();
  readonly #ungrouped = new Map<string, UngroupedChanges>();
  readonly #maxGroups: number;

  constructor({ maxGroups = MAX_GROUPS }: { readonly maxGroups?: number } = {}) {
    this.#maxGroups = maxGroups;
  }

  /** @throws RecordsError SSTITCH_RECORD_UNDECODABLE */
  add(change: RecordChange): void {
    const { bucket, kind } = change;
    const place = placeOf(change);
    const key = JSON.stringify([bucket, kind, ...place.key]);
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= this.#maxGroups) {
        this.#addUngrouped(bucket, kind);
        return;
      }
      const { entitlementId, resource, resourceTypeId } = place;
      group = { bucket, kind, entitlementId, resource, resourceTypeId, count: 0, members: [] };
      this.#groups.set(key, group);
    }
    group.count += 1;
    if (group.resourceTypeId !== place.resourceTypeId) group.resourceTypeId = undefined;
    if (group.members.length < NAMED_MEMBERS) {
      group.members.push({ ...place.member, fields: change.fields, change });
    }
  }

  /** Returns the groups, largest first, and otherwise in the order of their first changes. */
  groups(): readonly ChangeGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }

  ungrouped(): readonly UngroupedChanges[] {
    return [...this.#ungrouped.values()];
  }

  #addUngrouped(bucket: CountedBucket, kind: ChangeKind): void {
    const key = `${bucket} ${kind}`;
    const changes = this.#ungrouped.get(key) ?? { bucket, kind, count: 0 };
    changes.count += 1;
    this.#ungrouped.set(key, changes);
  }
}

interface Place {
  readonly key: readonly string[];
  readonly entitlementId?: string | undefined;
  readonly resource?: ResourceName | undefined;
  readonly resourceTypeId?: string | undefined;
  readonly member: Pick<GroupMember, 'resource' | 'name'>;
}

function placeOf(change: RecordChange): Place {
  const record = change.after ?? change.before;
  switch (record?.$typeName) {
    case 'c1.storage.v3.GrantRecord':
      return placeOfGrant(record);
    case 'c1.storage.v3.ResourceRecord':
      return placeOfResource(record);
    case 'c1.storage.v3.EntitlementRecord':
      return placeOfEntitlement(record);
    case 'c1.storage.v3.ResourceTypeRecord':
      return { key: [], member: { name: record.displayName || record.externalId } };
    default:
      return { key: [], member: { name: change.id.join(' ') } };
  }
}

function placeOfGrant({ entitlement, principal, externalId }: GrantRecord): Place {
  const { resourceTypeId = '', resourceId = '', entitlementId = '' } = entitlement ?? {};
  return {
    key: [resourceTypeId, resourceId, entitlementId],
    entitlementId,
    resource: { resourceTypeId, resourceId },
    resourceTypeId: principal?.resourceTypeId ?? '',
    member: principal === undefined ? { name: externalId } : { resource: principal },
  };
}

function placeOfResource({ resourceTypeId, resourceId, displayName }: ResourceRecord): Place {
  return {
    key: [resourceTypeId],
    resourceTypeId,
    member: { name: displayName || resourceId },
  };
}

function placeOfEntitlement(record: EntitlementRecord): Place {
  const { resourceTypeId = '', resourceId = '' } = record.resource ?? {};
  return {
    key: [resourceTypeId, resourceId],
    resource: { resourceTypeId, resourceId },
    member: { name: entitlementName(record) },
  };
}

/** Names an entitlement for people: by its slug, if it has one. */
export function entitlementName({ slug, displayName, externalId }: EntitlementRecord): string {
  return slug || displayName || externalId;
}
