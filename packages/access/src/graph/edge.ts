// An edge of the graph of entitlements: a principal that has the source also has the destination. Parallel edges are
// merged into one that passes what any of them passes, as Baton does (baton-sdk, pkg/sync/expand: AddEdge, fixCycle):
// a deep edge passes more than a shallow one, and one without a filter more than one with a filter.

/** Which grants of the source an edge passes to the destination. */
export interface EdgeFilter {
  /** Whether only direct grants of the source pass, not derived ones. */
  readonly isShallow: boolean;
  /** The resource types of principals whose grants pass; undefined for all. */
  readonly resourceTypeIds: ReadonlySet<string> | undefined;
}

/** Reports whether an edge passes a principal's access. */
export function passes(
  edge: EdgeFilter,
  principalTypeId: string,
  /** Whether the principal has the source by a grant of its own. */
  isDirect: boolean,
): boolean {
  if (edge.isShallow && !isDirect) return false;
  return edge.resourceTypeIds === undefined || edge.resourceTypeIds.has(principalTypeId);
}

/** Parallel edges merged into one, which passes what any of them passes. */
export class MergedEdge implements EdgeFilter {
  isShallow: boolean;
  resourceTypeIds: ReadonlySet<string> | undefined;
  /** The set of types, once it is this edge's own. */
  #types: Set<string> | undefined;

  constructor({ isShallow, resourceTypeIds }: EdgeFilter) {
    this.isShallow = isShallow;
    this.resourceTypeIds = resourceTypeIds;
  }

  /** Adds a parallel edge in time linear in its own types, because a sync may have thousands of parallel edges. */
  add({ isShallow, resourceTypeIds }: EdgeFilter): void {
    this.isShallow &&= isShallow;
    if (resourceTypeIds === undefined) this.resourceTypeIds = undefined;
    if (this.resourceTypeIds === undefined || resourceTypeIds === this.resourceTypeIds) return;
    this.#types ??= new Set(this.resourceTypeIds);
    this.resourceTypeIds = this.#types;
    for (const id of resourceTypeIds ?? []) this.#types.add(id);
  }
}
