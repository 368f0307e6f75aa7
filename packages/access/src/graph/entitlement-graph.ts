// The entitlements of a sync that grants expand from and to, as a graph without cycles.
//
// The definition is Baton's (baton-sdk v0.25.0, pkg/sync/expand/graph.go and cycle.go): the entitlements of a cycle
// are one node. Edges within the node are dropped, so its entitlements do not pass access to each other. An edge into
// the node leads to each of them, and an edge out of it leads from each.
//
// Invariants: entitlements are numbered in the order of their ids; every edge leads to a later node; two nodes have
// at most one edge between them.
import type { ResourceName } from '@sstitch/records';
import type { EdgeFilter } from './edge.js';

/** An entitlement of the graph. */
export interface GraphEntitlement {
  /** The entitlement's external_id. */
  readonly id: string;
  /** The resource of the entitlement. */
  readonly resource: ResourceName;
}

/** An edge between two entitlements, which are given by id. */
export interface EntitlementEdge extends EdgeFilter {
  /** The entitlement that leads to the destination. */
  readonly source: string;
  /** The entitlement that principals of the source have, too. */
  readonly destination: string;
}

/** A node: an entitlement, or all entitlements of a cycle. */
export interface GraphNode {
  /** Entitlements, ascending. */
  readonly members: readonly number[];
  /** The outgoing edges by destination node, ascending. */
  readonly outgoing: ReadonlyMap<number, EdgeFilter>;
  /** The nodes with an edge to this one, ascending. */
  readonly sources: readonly number[];
}

/** The parts from which `buildGraph` makes a graph. */
export interface GraphParts {
  /** Every entitlement that a grant expands from or to; its place in the array is its number. */
  readonly entitlements: readonly GraphEntitlement[];
  /** The number of each entitlement by its id. */
  readonly numbers: ReadonlyMap<string, number>;
  /** The nodes, in topological order: each comes after those with an edge to it. */
  readonly nodes: readonly GraphNode[];
  /** The number of the node of each entitlement, by the entitlement's number. */
  readonly nodeOf: readonly number[];
  /** The number of nodes that stand for a cycle, including cycles of one entitlement. */
  readonly cycles: number;
}

/** A graph of entitlements. Entitlements and nodes are numbered from 0. */
export class EntitlementGraph {
  /** The entitlements by number, in the order of their ids. */
  readonly entitlements: readonly GraphEntitlement[];
  /** The nodes by number. Every edge leads to a later node. */
  readonly nodes: readonly GraphNode[];
  /** The node of each entitlement. */
  readonly nodeOf: readonly number[];
  /** The number of nodes that stand for a cycle, including cycles of one entitlement. */
  readonly cycles: number;
  readonly #numbers: ReadonlyMap<string, number>;

  constructor({ entitlements, numbers, nodes, nodeOf, cycles }: GraphParts) {
    this.entitlements = entitlements;
    this.#numbers = numbers;
    this.nodes = nodes;
    this.nodeOf = nodeOf;
    this.cycles = cycles;
  }

  /** The number of edges between nodes. */
  get edges(): number {
    return this.nodes.reduce((sum, { outgoing }) => sum + outgoing.size, 0);
  }

  /** Returns the number of an entitlement, or undefined if the graph does not have it. */
  numberOf(entitlementId: string): number | undefined {
    return this.#numbers.get(entitlementId);
  }

  /** Reports whether other entitlements lead to this one. */
  isDestination(entitlement: number): boolean {
    return (this.nodes[this.nodeOf[entitlement] ?? -1]?.sources.length ?? 0) > 0;
  }

  /** Returns the edge by which an entitlement leads to another one, by their ids, or undefined if it does not. */
  edgeBetween(sourceId: string, destinationId: string): EdgeFilter | undefined {
    const [from, to] = [sourceId, destinationId].map((id) => this.nodeOf[this.numberOf(id) ?? -1]);
    return this.nodes[from ?? -1]?.outgoing.get(to ?? -1);
  }

  /** Returns these entitlements and all that lead to them, ascending. */
  withSources(entitlements: Iterable<number>): number[] {
    const wanted = new Set(entitlements);
    const seen = new Set<number>();
    const queue = [...wanted].flatMap((entitlement) => this.nodeOf[entitlement] ?? []);
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      for (const source of this.nodes[node]?.sources ?? []) {
        if (seen.has(source)) continue;
        seen.add(source);
        queue.push(source);
        for (const member of this.nodes[source]?.members ?? []) wanted.add(member);
      }
    }
    return [...wanted].sort((a, b) => a - b);
  }
}
