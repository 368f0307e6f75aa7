import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutGraph, NODE_HEIGHT, NODE_WIDTH } from '../src/page/views/graph-layout.js';
import type { GraphShape } from '../src/shapes.js';

/** Graphs whose nodes lie in up to five columns, with edges between any of them. */
const graphs = fc
  .array(fc.nat(4), { minLength: 1, maxLength: 20 })
  .chain((columns) =>
    fc.record({
      columns: fc.constant(columns),
      edges: fc.array(fc.tuple(fc.nat(columns.length - 1), fc.nat(columns.length - 1)), {
        maxLength: 30,
      }),
    }),
  )
  .map(
    ({ columns, edges }): GraphShape => ({
      nodes: columns.map((column, at) => ({
        ...{ key: String(at), kind: 'entitlement', name: '', detail: '', column },
        ...{ resource: null, entitlementId: String(at) },
      })),
      edges: edges.map(([from, to]) => ({ from: String(from), to: String(to), kind: 'grant' })),
      hasMore: false,
    }),
  );

describe('the layout of a graph', () => {
  it('places each node once, inside the drawing, and no two over each other', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { nodes, width, height } = layoutGraph(graph);
        expect(nodes.map(({ node }) => node.key).sort()).toEqual(
          graph.nodes.map(({ key }) => key).sort(),
        );
        for (const { node, at } of nodes) {
          expect(at.x).toBeGreaterThanOrEqual(0);
          expect(at.y).toBeGreaterThanOrEqual(0);
          expect(at.x + NODE_WIDTH).toBeLessThanOrEqual(width);
          expect(at.y + NODE_HEIGHT).toBeLessThanOrEqual(height);
          for (const other of nodes) {
            if (other.node === node || other.at.x !== at.x) continue;
            expect(Math.abs(other.at.y - at.y)).toBeGreaterThanOrEqual(NODE_HEIGHT);
          }
        }
      }),
    );
  });

  it('draws an edge from the right side of a node to the left side of another, past all nodes between', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { nodes, edges } = layoutGraph(graph);
        const places = new Map(nodes.map(({ node, at }) => [node.key, at]));
        expect(edges).toHaveLength(graph.edges.length);
        for (const { edge, points } of edges) {
          const [from, to] = [places.get(edge.from), places.get(edge.to)];
          expect(points[0]?.x).toBe((from?.x ?? 0) + NODE_WIDTH);
          expect(points.at(-1)?.x).toBe(to?.x);
          for (const { x, y } of points.slice(1, -1)) {
            const covering = nodes.filter(
              ({ at }) =>
                x >= at.x && x <= at.x + NODE_WIDTH && y >= at.y && y <= at.y + NODE_HEIGHT,
            );
            expect(covering).toEqual([]);
          }
        }
      }),
    );
  });
});
