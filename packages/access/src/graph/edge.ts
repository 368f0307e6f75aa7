// An edge of the graph of entitlements: who has the source has the destination too. Parallel edges are merged to
// what all of them together let through, as Baton does (baton-sdk, pkg/sync/expand: AddEdge, fixCycle): a deep edge
// lets more through than a shallow one, one without a filter more than one with.

/** Which grants of the source an edge takes to the destination. */
export interface EdgeFilter {
  /** Only grants that the source has of its own, not those derived. */
  readonly isShallow: boolean;
  /** Only grants to principals of these resource types; undefined for all. */
  readonly resourceTypeIds: ReadonlySet<string> | undefined;
}

/** Whether an edge takes access of a principal along. */
export function passes(
  edge: EdgeFilter,
  principalTypeId: string,
  /** Whether the principal has the source by a grant of its own. */
  isDirect: boolean,
): boolean {
  if (edge.isShallow && !isDirect) return false;
  return edge.resourceTypeIds === undefined || edge.resourceTypeIds.has(principalTypeId);
}

/** Parallel edges as one, which lets through what any of them does. */
export class MergedEdge implements EdgeFilter {
  isShallow: boolean;
  resourceTypeIds: Set<string> | undefined;

  constructor({ isShallow, resourceTypeIds }: EdgeFilter) {
    this.isShallow = isShallow;
    this.resourceTypeIds = resourceTypeIds && new Set(resourceTypeIds);
  }

  /** Adds a parallel edge, in time that is linear in its own types: a sync may have thousands of them. */
  add({ isShallow, resourceTypeIds }: EdgeFilter): void {
    this.isShallow &&= isShallow;
    if (resourceTypeIds === undefined) this.resourceTypeIds = undefined;
    for (const id of resourceTypeIds ?? []) this.resourceTypeIds?.add(id);
  }
}
