// Expansion at its simplest: a fixpoint over sets, with nothing of the real one's order or graph.
import type { GrantRecord } from '@sstitch/records';

interface Edge {
  readonly source: string;
  readonly destination: string;
  shallow: boolean;
  /** Empty for all. */
  types: readonly string[];
}

/**
 * What {@link memberships} of the records shows once they are expanded.
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
  const sources = new Map<string, Map<string, boolean>>();
  const nameOf = (entitlementId: string, type: string, id: string) =>
    JSON.stringify([entitlementId, type, id]);
  const principals = new Map<string, { readonly type: string; readonly id: string }>();
  for (const grant of grants) {
    const { resourceTypeId: type, resourceId: id } = grant.principal ?? {
      resourceTypeId: '',
      resourceId: '',
    };
    principals.set(JSON.stringify([type, id]), { type, id });
    const stored = Object.entries(grant.sources).map(
      ([key, { isDirect }]) => [key, isDirect] as const,
    );
    sources.set(nameOf(grant.entitlement?.entitlementId ?? '', type, id), new Map(stored));
  }
  const own = new Map(
    [...sources].map(([name, stored]) => {
      const [entitlementId = ''] = JSON.parse(name) as string[];
      return [name, stored.size === 0 || stored.has(entitlementId)];
    }),
  );

  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const { type, id } of principals.values()) {
      for (const { from, to, shallow, types } of merged) {
        if (types.length > 0 && !types.includes(type)) continue;
        for (const source of groups[from] ?? []) {
          const name = nameOf(source, type, id);
          const isDirect = own.get(name) ?? false;
          if (!sources.has(name) || (shallow && !isDirect)) continue;
          for (const destination of groups[to] ?? []) {
            const target = nameOf(destination, type, id);
            const had = sources.get(target) ?? new Map<string, boolean>();
            if (sources.has(target) && had.size === 0) had.set(destination, true);
            sources.set(target, had);
            if (had.get(source) === true || (had.has(source) && !isDirect)) continue;
            had.set(source, isDirect);
            isChanged = true;
          }
        }
      }
    }
  }
  return Object.fromEntries(
    [...sources].map(([name, found]) => {
      const [entitlementId, , id] = JSON.parse(name) as string[];
      const list = [...found].map(([source, direct]) => (direct ? `${source}!` : source));
      return [`${entitlementId} ${id}`, list.sort()];
    }),
  );
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

/** Entitlements that lead to each other, together. */
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
  const of = (id: string) => groups.findIndex((members) => members.includes(id));
  return groups.flatMap((_, from) =>
    groups.flatMap((__, to) => {
      const parallel = edges.filter((e) => of(e.source) === from && of(e.destination) === to);
      if (from === to || parallel.length === 0) return [];
      const isOpen = parallel.some(({ types }) => types.length === 0);
      return [
        {
          from,
          to,
          shallow: parallel.every(({ shallow }) => shallow),
          types: isOpen ? [] : parallel.flatMap(({ types }) => types),
        },
      ];
    }),
  );
}
