// What expansion makes of the grants of a sync, principal by principal.
//
// Invariant: of the entitlements that others lead to, every grant is in one of the three lists of its principal, once.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import type { GrantRecord, PrincipalRef } from '@sstitch/records';
import { deriveAccess } from '../derive/derive-access.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import type { StoredGrant } from '../holders/held-grant.js';
import { type Holder, holdersOf } from '../holders/holders.js';
import { derivedGrant, withSources } from './expanded-record.js';

/** What {@link expandGrants} reads and writes. */
export interface ExpandGrantsOptions {
  readonly snapshot: EngineSnapshot;
  readonly signal?: AbortSignal | undefined;
  /** The discovered_at of derived grants. */
  readonly discoveredAt: Timestamp;
}

/** The grants of one principal, of entitlements that others lead to. */
export interface ExpandedGrants {
  /** Derived: the sync has no grant of the entitlement to the principal. */
  readonly created: readonly GrantRecord[];
  /** With sources that they did not have. */
  readonly updated: readonly GrantRecord[];
  readonly unchanged: readonly StoredGrant[];
}

/** Expands the grants of a sync. Memory: the graph, and a page of grants of each of its entitlements. */
export async function* expandGrants(
  engine: ReadableEngine,
  syncId: string,
  graph: EntitlementGraph,
  { snapshot, signal, discoveredAt }: ExpandGrantsOptions,
): AsyncGenerator<ExpandedGrants, void, undefined> {
  const ids = graph.entitlements.map(({ id }) => id);
  for await (const holder of holdersOf(engine, syncId, ids, { snapshot, signal })) {
    yield expandHolder(syncId, graph, holder, discoveredAt);
  }
}

function expandHolder(
  syncId: string,
  graph: EntitlementGraph,
  { principal, grants }: Holder,
  discoveredAt: Timestamp,
): ExpandedGrants {
  const created: GrantRecord[] = [];
  const updated: GrantRecord[] = [];
  const unchanged: StoredGrant[] = [];
  const isDerived = new Set<string>();
  for (const derived of deriveAccess(graph, principal.resourceTypeId, grants)) {
    const { entitlementId, sources } = derived;
    isDerived.add(entitlementId);
    const held = grants.get(entitlementId);
    for (const grant of held ?? []) {
      const record = withSources(grant.record, derived);
      if (record === undefined) unchanged.push(grant);
      else updated.push(record);
    }
    const entitlement = graph.entitlements[graph.numberOf(entitlementId) ?? -1];
    if (held === undefined && entitlement !== undefined) {
      created.push(derivedGrant(syncId, entitlement, principalOf(grants), sources, discoveredAt));
    }
  }
  for (const [entitlementId, held] of grants) {
    const entitlement = graph.numberOf(entitlementId);
    if (isDerived.has(entitlementId) || entitlement === undefined) continue;
    if (graph.isDestination(entitlement)) unchanged.push(...held);
  }
  return { created, updated, unchanged };
}

/** The principal as its grants name it: with its parent, where one of them does. */
function principalOf(grants: Holder['grants']): PrincipalRef {
  const principals = [...grants.values()]
    .flat()
    .flatMap(({ record }) => (record.principal === undefined ? [] : [record.principal]));
  const principal = principals.find(({ parentResourceId }) => parentResourceId !== '');
  // The index lists only grants with a principal.
  return principal ?? (principals[0] as PrincipalRef);
}
