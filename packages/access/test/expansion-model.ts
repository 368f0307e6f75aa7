// The simplest model of expansion: a fixpoint over sets, without the order and the graph of the real one.
import type { GrantRecord } from '@sstitch/records';

interface Edge {
  readonly source: string;
  readonly destination: string;
  shallow: boolean;
  /** Empty for all. */
  types: readonly string[];
}

/**
 * Returns what {@link memberships} shows of the records after an expansion.
 *
 * @param grants each to another pair of entitlement and principal; expansions match their principals
 */
export function expandedModel(
  entitlementIds: readonly string[],
  grants: readonly GrantRecord[],
): Record<string, string[]> {
  const edges = edgesOf(entitlementIds, grants);
  const groups = cyclesOf(entitlementIds, edges);
  const merged = mergedEdges(edges, groups);
  const expanded: Record<string, string[]> = {};
  for (const held of byPrincipal(grants).values()) {
    const type = held[0]?.principal?.resourceTypeId ?? '';
    for (const [entitlementId, sources] of fixpoint(type, held, groups, merged)) {
      expanded[`${entitlementId} ${held[0]?.principal?.resourceId}`] = [...sources]
        .map(([source, isDirect]) => (isDirect ? `${source}!` : source))
        .sort();
    }
  }
  return expanded;
}

type MergedEdge = ReturnType<typeof mergedEdges>[number];

/** Returns the sources of everything that a principal has, by entitlement. */
function fixpoint(
  type: string,
  held: readonly GrantRecord[],
  groups: readonly string[][],
  edges: readonly MergedEdge[],
): Map<string, Map<string, boolean>> {
  const had = new Map<string, Map<string, boolean>>();
  const own = new Set<string>();
  for (const { entitlement, sources } of held) {
    const id = entitlement?.entitlementId ?? '';
    const stored = Object.entries(sources).map(([key, { isDirect }]) => [key, isDirect] as const);
    had.set(id, new Map(stored));
    if (stored.length === 0 || id in sources) own.add(id);
  }
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const { from, to, shallow, types } of edges) {
      if (types.length > 0 && !types.includes(type)) continue;
      for (const source of groups[from] ?? []) {
        const isDirect = own.has(source);
        if (!had.has(source) || (shallow && !isDirect)) continue;
        for (const destination of groups[to] ?? []) {
          const before = had.get(destination);
          const sources = before ?? new Map<string, boolean>();
          if (before?.size === 0) sources.set(destination, true);
          had.set(destination, sources);
          if (sources.get(source) === true || (sources.has(source) && !isDirect)) continue;
          sources.set(source, isDirect);
          isChanged = true;
        }
      }
    }
  }
  return had;
}

function byPrincipal(grants: readonly GrantRecord[]): Map<string, GrantRecord[]> {
  const found = new Map<string, GrantRecord[]>();
  for (const grant of grants) {
    const name = JSON.stringify([grant.principal?.resourceTypeId, grant.principal?.resourceId]);
    found.set(name, [...(found.get(name) ?? []), grant]);
  }
  return found;
}

function edgesOf(entitlementIds: readonly string[], grants: readonly GrantRecord[]): Edge[] {
  return grants.flatMap(({ entitlement, expansion, needsExpansion }) =>
    (needsExpansion ? (expansion?.entitlementIds ?? []) : [])
      .map((source) => ({
        source,
        destination: entitlement?.entitlementId ?? '',
        shallow: expansion?.shallow ?? false,
        types: expansion?.resourceTypeIds ?? [],
      }))
      .filter((edge) => [edge.source, edge.destination].every((id) => entitlementIds.includes(id))),
  );
}

/** Groups entitlements that lead to each other. */
function cyclesOf(entitlementIds: readonly string[], edges: readonly Edge[]): string[][] {
  const reaches = (from: string): Set<string> => {
    const seen = new Set<string>([from]);
    for (const id of seen) {
      for (const edge of edges) if (edge.source === id) seen.add(edge.destination);
    }
    return seen;
  };
  const reached = new Map(entitlementIds.map((id) => [id, reaches(id)]));
  const groups: string[][] = [];
  for (const id of entitlementIds) {
    if (groups.some((members) => members.includes(id))) continue;
    groups.push(
      entitlementIds.filter((other) => reached.get(id)?.has(other) && reached.get(other)?.has(id)),
    );
  }
  return groups;
}

function mergedEdges(edges: readonly Edge[], groups: readonly string[][]) {
  const groupOf = new Map(groups.flatMap((members, at) => members.map((id) => [id, at] as const)));
  const between = edges.map((edge) => ({
    ...edge,
    from: groupOf.get(edge.source) ?? -1,
    to: groupOf.get(edge.destination) ?? -1,
  }));
  return between
    .filter(({ from, to }) => from !== to)
    .map(({ from, to }) => {
      const parallel = between.filter((edge) => edge.from === from && edge.to === to);
      const isOpen = parallel.some(({ types }) => types.length === 0);
      return {
        from,
        to,
        shallow: parallel.every(({ shallow }) => shallow),
        types: isOpen ? [] : parallel.flatMap(({ types }) => types),
      };
    });
}
