// Builds the graph of a sync's entitlements. A million grants may make a hundred thousand edges, so other work of the
// thread gets a turn between the steps, and after every few thousand edges.
import { setImmediate } from 'node:timers/promises';
import { componentsInOrder } from './components.js';
import { type EdgeFilter, MergedEdge } from './edge.js';
import {
  type EntitlementEdge,
  EntitlementGraph,
  type GraphEntitlement,
  type GraphNode,
} from './entitlement-graph.js';

/** An edge between two numbers. */
interface NumberedEdge {
  readonly from: number;
  readonly to: number;
  readonly filter: EdgeFilter;
}

/** The outgoing edges of a node by destination. */
type NodeEdges = ReadonlyMap<number, EdgeFilter>;

const ITEMS_A_TURN = 8192;
/** Shared by the many entitlements without edges, which would otherwise need an object each. */
const NONE: number[] = [];
const NO_EDGES: NodeEdges = new Map();

/**
 * Builds a graph.
 *
 * @param given the entitlements that edges name, in any order
 * @param edges in any order, possibly parallel
 */
export async function buildGraph(
  given: readonly GraphEntitlement[],
  edges: readonly EntitlementEdge[],
): Promise<EntitlementGraph> {
  const entitlements = given.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  await setImmediate();
  const numbers = new Map<string, number>();
  await inTurns(entitlements, ({ id }, number) => numbers.set(id, number));
  const pairs: NumberedEdge[] = [];
  const successors: number[][] = new Array(entitlements.length).fill(NONE);
  await inTurns(edges, (filter) => {
    const [from, to] = [numbers.get(filter.source), numbers.get(filter.destination)];
    if (from === undefined || to === undefined) return;
    pairs.push({ from, to, filter });
    append(successors, from, to);
  });
  const components = componentsInOrder(successors);
  await setImmediate();
  const nodeOf = new Array<number>(entitlements.length);
  await inTurns(components, (members, node) => {
    for (const member of members) nodeOf[member] = node;
  });
  const { outgoing, cycles } = await mergeEdges(pairs, nodeOf, components.length);
  const sources: number[][] = new Array(components.length).fill(NONE);
  await inTurns(outgoing, (ofNode, node) => {
    for (const destination of ofNode?.keys() ?? NONE) append(sources, destination, node);
  });
  const nodes: GraphNode[] = [];
  await inTurns(components, (members, node) => {
    nodes.push({
      members: members.sort((a, b) => a - b),
      outgoing: inOrder(outgoing[node]),
      sources: sources[node] ?? NONE,
    });
  });
  return new EntitlementGraph({ entitlements, numbers, nodes, nodeOf, cycles });
}

/** Merges the edges between two nodes into one, and counts the nodes with edges to themselves. */
async function mergeEdges(
  pairs: readonly NumberedEdge[],
  nodeOf: readonly number[],
  nodes: number,
): Promise<{ readonly outgoing: ReadonlyArray<NodeEdges | undefined>; readonly cycles: number }> {
  const cyclic = new Set<number>();
  const outgoing: Array<Map<number, MergedEdge> | undefined> = new Array(nodes).fill(undefined);
  await inTurns(pairs, ({ from, to, filter }) => {
    const [source, destination] = [nodeOf[from] as number, nodeOf[to] as number];
    if (source === destination) {
      cyclic.add(source);
      return;
    }
    const ofSource = outgoing[source] ?? new Map<number, MergedEdge>();
    outgoing[source] = ofSource;
    const parallel = ofSource.get(destination);
    if (parallel === undefined) ofSource.set(destination, new MergedEdge(filter));
    else parallel.add(filter);
  });
  return { outgoing, cycles: cyclic.size };
}

/** Sorts the edges of a node by destination. */
function inOrder(edges: NodeEdges | undefined): NodeEdges {
  if (edges === undefined) return NO_EDGES;
  return edges.size === 1 ? edges : new Map([...edges].sort(([a], [b]) => a - b));
}

/** Appends to the list at an index; its first item makes a list of its own. */
function append(lists: number[][], at: number, item: number): void {
  const list = lists[at];
  if (list === undefined || list === NONE) lists[at] = [item];
  else list.push(item);
}

/** Visits all items, and pauses after every few thousand. */
async function inTurns<T>(
  items: readonly T[],
  visit: (item: T, at: number) => void,
): Promise<void> {
  for (let from = 0; from < items.length; from += ITEMS_A_TURN) {
    const end = Math.min(from + ITEMS_A_TURN, items.length);
    // The items of a list may be undefined.
    for (let at = from; at < end; at++) visit(items[at] as T, at);
    await setImmediate();
  }
}
