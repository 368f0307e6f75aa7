import type { ResourceName } from '@sstitch/records';
import { deriveAccess, type GrantsByEntitlement } from '../derive/derive-access.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import { isDirect } from '../holders/held-grant.js';
import type { Access, AccessSource } from './access.js';

/** What grants of one principal say of an entitlement, and what follows for it from the others. */
export function accessTo(
  entitlementId: string,
  principal: ResourceName,
  held: GrantsByEntitlement,
  derived: ReadonlyMap<string, ReadonlyMap<string, boolean>>,
  graph: EntitlementGraph,
): Access | undefined {
  const grants = held.get(entitlementId) ?? [];
  const follows = derived.get(entitlementId);
  if (grants.length === 0 && follows === undefined) return undefined;
  const sources = new Map(follows);
  for (const { record } of grants) {
    for (const [id, source] of Object.entries(record.sources)) {
      if (id !== entitlementId) sources.set(id, source.isDirect || (sources.get(id) ?? false));
    }
  }
  return {
    principal,
    entitlementId,
    resource: resourceOf(entitlementId, held, graph),
    grantIds: grants.map(({ id }) => id),
    isDirect: grants.some(({ record }) => isDirect(record, entitlementId)),
    sources: sourceList(sources),
  };
}

/** The sources of all that a principal has through others, by entitlement. */
export function derivedSources(
  graph: EntitlementGraph,
  principal: ResourceName,
  held: GrantsByEntitlement,
): Map<string, ReadonlyMap<string, boolean>> {
  const derived = deriveAccess(graph, principal.resourceTypeId, held);
  return new Map(derived.map(({ entitlementId, sources }) => [entitlementId, sources]));
}

function resourceOf(
  entitlementId: string,
  held: GrantsByEntitlement,
  graph: EntitlementGraph,
): ResourceName | undefined {
  const inGraph = graph.entitlements[graph.numberOf(entitlementId) ?? -1];
  if (inGraph !== undefined) return inGraph.resource;
  const named = held.get(entitlementId)?.[0]?.record.entitlement;
  return named && { resourceTypeId: named.resourceTypeId, resourceId: named.resourceId };
}

function sourceList(sources: ReadonlyMap<string, boolean>): AccessSource[] {
  return [...sources]
    .map(([entitlementId, direct]) => ({ entitlementId, isDirect: direct }))
    .sort((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1));
}
