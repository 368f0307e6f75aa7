// Finds what a principal has by the grants that it holds, and what follows from them.
import type { GrantRecord, ResourceName } from '@sstitch/records';
import { reachedEntitlements, sourcesOf } from '../derive/derive-access.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import { type HeldGrant, isDirect } from '../holders/held-grant.js';
import type { Access, AccessSource } from './access.js';

/** Grants by entitlement. */
export type GrantsByEntitlement = ReadonlyMap<string, readonly HeldGrant[]>;

/** The access of one principal. */
export class PrincipalAccess {
  readonly #graph: EntitlementGraph;
  readonly #principal: ResourceName;
  /** The principal's entitlements of the graph by number, and whether each is direct. */
  readonly #had = new Map<number, boolean>();
  /** The entitlements that follow and that no grant names, by id, ascending. */
  readonly derived: readonly string[];

  /** @param held the principal's grants by entitlement; entitlements outside the graph are ignored */
  constructor(graph: EntitlementGraph, principal: ResourceName, held: GrantsByEntitlement) {
    this.#graph = graph;
    this.#principal = principal;
    for (const [id, grants] of held) {
      const entitlement = graph.numberOf(id);
      if (entitlement !== undefined) this.#had.set(entitlement, isDirectBy(grants, id));
    }
    const reached = reachedEntitlements(graph, principal.resourceTypeId, this.#had);
    const derived = reached.filter((entitlement) => !this.#had.has(entitlement));
    for (const entitlement of derived) this.#had.set(entitlement, false);
    // Entitlements are numbered in the order of their ids.
    this.derived = derived.map((entitlement) => graph.entitlements[entitlement]?.id ?? '');
  }

  /** Describes the access to an entitlement, given the principal's grants of it, if any. */
  to(entitlementId: string, grants: readonly HeldGrant[]): Access | undefined {
    const entitlement = this.#graph.numberOf(entitlementId);
    const follows = this.#sourcesOf(entitlement);
    if (grants.length === 0 && follows.size === 0) return undefined;
    const sources = new Map(follows);
    for (const { record } of grants) {
      for (const [id, source] of Object.entries(record.sources)) {
        if (id !== entitlementId) sources.set(id, source.isDirect || (sources.get(id) ?? false));
      }
    }
    return {
      principal: this.#principal,
      entitlementId,
      resource: this.#graph.entitlements[entitlement ?? -1]?.resource ?? resourceBy(grants),
      grantIds: grants.map(({ id }) => id),
      isDirect: isDirectBy(grants, entitlementId),
      sources: sourceList(sources),
    };
  }

  /** Describes the access by one of the principal's grants. */
  by(record: GrantRecord): Access | undefined {
    const grant = { id: record.externalId, record };
    return this.to(record.entitlement?.entitlementId ?? '', [grant]);
  }

  #sourcesOf(entitlement: number | undefined): ReadonlyMap<string, boolean> {
    if (entitlement === undefined) return new Map();
    return sourcesOf(this.#graph, this.#principal.resourceTypeId, entitlement, this.#had);
  }
}

function isDirectBy(grants: readonly HeldGrant[], entitlementId: string): boolean {
  return grants.some(({ record }) => isDirect(record, entitlementId));
}

function resourceBy(grants: readonly HeldGrant[]): ResourceName | undefined {
  const named = grants[0]?.record.entitlement;
  return named && { resourceTypeId: named.resourceTypeId, resourceId: named.resourceId };
}

function sourceList(sources: ReadonlyMap<string, boolean>): AccessSource[] {
  return [...sources]
    .map(([entitlementId, direct]) => ({ entitlementId, isDirect: direct }))
    .sort((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1));
}
