// Makes the records that expansion writes, as Baton does (baton-sdk v0.25.0,
// pkg/sync/expand/topological_merge.go: mergeContributionIntoExistingGrant, newExpandedGrantWithSources).
import { create } from '@bufbuild/protobuf';
import { type Any, AnySchema, type Timestamp } from '@bufbuild/protobuf/wkt';
import {
  type GrantRecord,
  GrantRecordSchema,
  type GrantSourceRecord,
  GrantSourceRecordSchema,
  type PrincipalRef,
} from '@sstitch/records';
import type { Sources } from '../derive/derive-access.js';
import type { GraphEntitlement } from '../graph/entitlement-graph.js';

/** Marks a grant that cannot be revoked by itself. */
const IMMUTABLE: Any = create(AnySchema, {
  typeUrl: 'type.googleapis.com/c1.connector.v2.GrantImmutable',
});

/** Makes a grant that a principal has only through others. */
export function derivedGrant(
  syncId: string,
  entitlement: GraphEntitlement,
  principal: PrincipalRef,
  sources: Sources,
  discoveredAt: Timestamp,
): GrantRecord {
  const { resourceTypeId, resourceId } = principal;
  return create(GrantRecordSchema, {
    syncId,
    externalId: `${entitlement.id}:${resourceTypeId}:${resourceId}`,
    entitlement: { ...entitlement.resource, entitlementId: entitlement.id },
    principal,
    discoveredAt,
    annotations: [IMMUTABLE],
    sources: Object.fromEntries([...sources].map(([id, direct]) => [id, source(direct)])),
  });
}

/** Adds sources to a grant. Returns undefined if the grant has them all. */
export function withSources(
  grant: GrantRecord,
  entitlementId: string,
  added: Sources,
): GrantRecord | undefined {
  const sources = new Map(Object.entries(grant.sources));
  let isChanged = false;
  if (sources.size === 0) {
    sources.set(entitlementId, source(true));
    isChanged = true;
  }
  for (const [id, isDirect] of added) {
    const before = sources.get(id);
    if (before !== undefined && (before.isDirect || !isDirect)) continue;
    sources.set(id, before === undefined ? source(isDirect) : { ...before, isDirect });
    isChanged = true;
  }
  return isChanged ? { ...grant, sources: Object.fromEntries(sources) } : undefined;
}

function source(isDirect: boolean): GrantSourceRecord {
  return create(GrantSourceRecordSchema, { isDirect });
}
