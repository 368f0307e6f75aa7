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

/** The one edge that lets through what either does. */
export function mergeFilters(a: EdgeFilter | undefined, b: EdgeFilter): EdgeFilter {
  if (a === undefined) return b;
  return {
    isShallow: a.isShallow && b.isShallow,
    resourceTypeIds:
      a.resourceTypeIds === undefined || b.resourceTypeIds === undefined
        ? undefined
        : new Set([...a.resourceTypeIds, ...b.resourceTypeIds]),
  };
}
