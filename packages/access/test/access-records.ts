// Syncs of groups and users, for tests: entitlement `g` is membership in group g.
import { create } from '@bufbuild/protobuf';
import type { ReadWriteEngine } from '@sstitch/contract';
import {
  EntitlementRecordSchema,
  type GrantRecord,
  GrantRecordSchema,
  type ResourceName,
  SyncReader,
  type SyncRecord,
  SyncStore,
} from '@sstitch/records';

export const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';

export const group = (resourceId: string): ResourceName => ({
  resourceTypeId: 'group',
  resourceId,
});
export const user = (resourceId: string): ResourceName => ({ resourceTypeId: 'user', resourceId });

export const service = (resourceId: string): ResourceName => ({
  resourceTypeId: 'service',
  resourceId,
});

/** The entitlement of membership in a group. */
export function member(groupId: string): SyncRecord {
  return create(EntitlementRecordSchema, {
    syncId: SYNC,
    externalId: groupId,
    resource: group(groupId),
    displayName: `member of ${groupId}`,
  });
}

/** A grant of membership. */
export function grant(
  groupId: string,
  principal: ResourceName,
  more: {
    readonly id?: string;
    readonly from?: readonly string[];
    readonly shallow?: boolean;
    readonly types?: readonly string[];
    readonly sources?: Readonly<Record<string, boolean>>;
  } = {},
): GrantRecord {
  return create(GrantRecordSchema, {
    syncId: SYNC,
    externalId: more.id ?? `${groupId}:${principal.resourceTypeId}:${principal.resourceId}`,
    entitlement: { ...group(groupId), entitlementId: groupId },
    principal,
    needsExpansion: more.from !== undefined,
    ...(more.from && {
      expansion: {
        entitlementIds: [...more.from],
        shallow: more.shallow ?? false,
        resourceTypeIds: [...(more.types ?? [])],
      },
    }),
    sources: Object.fromEntries(
      Object.entries(more.sources ?? {}).map(([id, isDirect]) => [id, { isDirect }]),
    ),
  });
}

/** A grant to a group, which its members have, too. */
export function nested(
  groupId: string,
  inner: string,
  more: { readonly shallow?: boolean; readonly types?: readonly string[] } = {},
): GrantRecord {
  return grant(groupId, group(inner), { from: [inner], ...more });
}

/** Writes a sync that has ended. */
export async function writeSync(
  engine: ReadWriteEngine,
  records: Iterable<SyncRecord>,
  syncId = SYNC,
): Promise<void> {
  const store = new SyncStore(engine);
  await store.startSync({ syncId });
  await store.putMany(syncId, records);
  await store.endSync(syncId);
}

/** Formats the grants of a sync to users as `group user`, with their sources, and a `!` after direct ones. */
export async function memberships(
  engine: ReadWriteEngine,
  syncId = SYNC,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for await (const record of new SyncReader(engine).listGrants(syncId)) {
    const { entitlement, principal } = record;
    const name = `${entitlement?.entitlementId} ${principal?.resourceId}`;
    found[name] = Object.entries(record.sources)
      .map(([id, { isDirect }]) => (isDirect ? `${id}!` : id))
      .sort();
  }
  return found;
}
