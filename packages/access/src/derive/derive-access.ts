// Derives what a principal has through the graph of entitlements from the entitlements of which it holds grants.
//
// The definition is Baton's (baton-sdk v0.25.0, pkg/sync/expand/topological_merge*.go). The sources of an entitlement
// that the principal has are the entitlements one step away, not those further up. A source is direct if the principal
// has it by a grant of its own.
import { type EdgeFilter, passes } from '../graph/edge.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import { MinHeap } from '../heap.js';

/** The entitlements that a principal has, and whether it has each by a grant of its own. */
export interface HadEntitlements
  extends Iterable<readonly [entitlement: number, isDirect: boolean]> {
  readonly size: number;
  has(entitlement: number): boolean;
  get(entitlement: number): boolean | undefined;
}

/** The entitlements that lead to another one, and whether each is direct. */
export type Sources = ReadonlyMap<string, boolean>;

/**
 * Returns the entitlements that a principal reaches through others, ascending. They may include some that it holds.
 *
 * @param held the entitlements of which it has grants
 */
export function reachedEntitlements(
  graph: EntitlementGraph,
  principalTypeId: string,
  held: HadEntitlements,
): number[] {
  const reached = new Set<number>();
  const queue = new MinHeap<number>((a, b) => a < b);
  const queued = new Set<number>();
  const visit = (node: number | undefined): void => {
    if (node === undefined || queued.has(node)) return;
    if (graph.nodes[node]?.outgoing.size === 0) return;
    queued.add(node);
    queue.push(node);
  };
  for (const [entitlement] of held) visit(graph.nodeOf[entitlement]);

  // Edges lead to later nodes, so everything that leads to a node is known when the node is taken from the queue.
  for (let number = queue.pop(); number !== undefined; number = queue.pop()) {
    const node = graph.nodes[number];
    const had = node?.members.filter((member) => held.has(member) || reached.has(member)) ?? [];
    const isDirect = had.some((member) => held.get(member) === true);
    for (const [destination, edge] of node?.outgoing ?? []) {
      if (had.length === 0 || !passes(edge, principalTypeId, isDirect)) continue;
      for (const member of graph.nodes[destination]?.members ?? []) reached.add(member);
      visit(destination);
    }
  }
  return [...reached].sort((a, b) => a - b);
}

/**
 * Returns the entitlements one step away through which a principal has an entitlement.
 *
 * @param had everything that the principal has, held and reached
 */
export function sourcesOf(
  graph: EntitlementGraph,
  principalTypeId: string,
  entitlement: number,
  had: HadEntitlements,
): Sources {
  const sources = new Map<string, boolean>();
  const number = graph.nodeOf[entitlement] ?? -1;
  const node = graph.nodes[number];
  const add = (source: number, isDirect: boolean, edge: EdgeFilter | undefined): void => {
    if (edge === undefined || !passes(edge, principalTypeId, isDirect)) return;
    sources.set(graph.entitlements[source]?.id ?? '', isDirect);
  };
  if (node === undefined || node.sources.length === 0) return sources;
  if (had.size < node.sources.length) {
    for (const [source, isDirect] of had) {
      add(source, isDirect, graph.nodes[graph.nodeOf[source] ?? -1]?.outgoing.get(number));
    }
    return sources;
  }
  for (const from of node.sources) {
    const { members = [], outgoing } = graph.nodes[from] ?? {};
    for (const member of members) {
      const isDirect = had.get(member);
      if (isDirect !== undefined) add(member, isDirect, outgoing?.get(number));
    }
  }
  return sources;
}
