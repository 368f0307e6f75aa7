// What a principal has through the graph of entitlements, from the grants that it holds.
//
// The definition is Baton's (baton-sdk v0.25.0, pkg/sync/expand/topological_merge*.go). Of each entitlement that the
// principal comes to have, the sources are the entitlements one step away, not those further up; a source is direct
// where the principal has it by a grant of its own.

import { passes } from '../graph/edge.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import { MinHeap } from '../heap.js';
import { type HeldGrant, isDirect } from '../holders/held-grant.js';

/** Grants by entitlement. */
export type GrantsByEntitlement = ReadonlyMap<string, readonly HeldGrant[]>;

/** An entitlement that a principal has through others. */
export interface DerivedAccess {
  readonly entitlementId: string;
  /** The entitlements that lead to it, and whether the principal has each of them directly. */
  readonly sources: ReadonlyMap<string, boolean>;
}

/**
 * The entitlements that a principal has through others, whether or not it holds grants of them.
 *
 * @param held its grants of the entitlements of the graph; others are passed over
 */
export function deriveAccess(
  graph: EntitlementGraph,
  principalTypeId: string,
  held: GrantsByEntitlement,
): DerivedAccess[] {
  const sources = new Map<number, Map<number, boolean>>();
  const queue = new MinHeap<number>((a, b) => a < b);
  const queued = new Set<number>();
  const visit = (node: number): void => {
    if (queued.has(node)) return;
    queued.add(node);
    queue.push(node);
  };
  for (const entitlementId of held.keys()) {
    const entitlement = graph.numberOf(entitlementId);
    if (entitlement !== undefined) visit(graph.nodeOf[entitlement] as number);
  }

  // Edges lead to later nodes: all that leads to a node is known when its turn comes.
  for (let number = queue.pop(); number !== undefined; number = queue.pop()) {
    const node = graph.nodes[number];
    if (node === undefined || node.edges.length === 0) continue;
    const had = node.members.flatMap((member) => {
      const id = graph.entitlements[member]?.id ?? '';
      const grants = held.get(id);
      if (grants === undefined && !sources.has(member)) return [];
      return [{ member, direct: grants?.some(({ record }) => isDirect(record, id)) ?? false }];
    });
    for (const edge of node.edges) {
      const passing = had.filter(({ direct }) => passes(edge, principalTypeId, direct));
      if (passing.length === 0) continue;
      for (const destination of graph.nodes[edge.destination]?.members ?? []) {
        const ofDestination = sources.get(destination) ?? new Map<number, boolean>();
        sources.set(destination, ofDestination);
        for (const { member, direct } of passing) ofDestination.set(member, direct);
      }
      visit(edge.destination);
    }
  }
  const idOf = (entitlement: number): string => graph.entitlements[entitlement]?.id ?? '';
  return [...sources].map(([destination, from]) => ({
    entitlementId: idOf(destination),
    sources: new Map([...from].map(([source, direct]) => [idOf(source), direct])),
  }));
}
