// Draws the graph of who has what: principals on the left, and to the right of each node what follows.
import type { GraphNodeShape, GraphShape } from '../../shapes.js';
import { type Parameters, useAnswer } from '../answers.js';
import { Problem, Waiting } from '../components/list-table.js';
import { link } from '../route.js';
import { nameText, safeText } from '../words.js';
import { layoutGraph, NODE_HEIGHT, NODE_WIDTH, type Point } from './graph-layout.js';

/** The most characters that fit into a node. */
const MAX_CHARACTERS = 28;

interface GraphViewProps {
  readonly syncId: string;
  readonly parameters: Parameters;
}

/** Shows the graph of a principal or an entitlement. */
export function GraphView({ syncId, parameters }: GraphViewProps) {
  const { value, problem } = useAnswer<GraphShape>('graph', { sync: syncId, ...parameters });
  if (problem !== undefined) return <Problem text={problem} />;
  if (value === undefined) return <Waiting />;
  const { width, height, nodes, edges } = layoutGraph(value);
  return (
    <section>
      <div class="bar">
        <h2 class="unseen">Graph</h2>
        <p class="legend">
          <span class="line grant" /> a grant
          <span class="line derived" /> follows from it
        </p>
      </div>
      {value.hasMore && <p class="note">The graph shows a part. The lists show everything.</p>}
      <div class="scroll graph">
        {/* biome-ignore lint/a11y/useSemanticElements: a picture is no fieldset, and has links in it */}
        <svg
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="group"
          aria-label="Graph of who has what"
        >
          {edges.map(({ edge, points }) => (
            <path
              key={`${edge.from} ${edge.to}`}
              class={`edge ${edge.kind}`}
              d={curveThrough(points)}
            />
          ))}
          {nodes.map(({ node, at }) => (
            <Node key={node.key} {...{ syncId, node, at }} />
          ))}
        </svg>
      </div>
    </section>
  );
}

/** A line from left to right that bends between points. */
function curveThrough(points: readonly Point[]): string {
  const [start, ...rest] = points;
  if (start === undefined) return '';
  let text = `M${start.x} ${start.y}`;
  let before = start;
  for (const { x, y } of rest) {
    const bend = before.y === y ? 0 : Math.max(24, Math.abs(x - before.x) / 2);
    text += `C${before.x + bend} ${before.y} ${x - bend} ${y} ${x} ${y}`;
    before = { x, y };
  }
  return text;
}

interface NodeProps {
  readonly syncId: string;
  readonly node: GraphNodeShape;
  readonly at: Point;
}

function Node({ syncId, node, at: { x, y } }: NodeProps) {
  const { name, detail, kind, resource, entitlementId } = node;
  const address =
    entitlementId !== null
      ? link(['sync', syncId, 'entitlement', entitlementId], { view: 'graph' })
      : link(['sync', syncId, 'resource', resource?.type ?? '', resource?.id ?? ''], {
          view: 'graph',
        });
  return (
    <a href={address} data-row="" class={`node ${kind}`}>
      <title>{safeText(`${name} · ${detail}`)}</title>
      <rect x={x} y={y} width={NODE_WIDTH} height={NODE_HEIGHT} rx="4" />
      <text x={x + 10} y={y + 15}>
        {fitting(nameText(name, ''))}
      </text>
      <text class="detail" x={x + 10} y={y + 29}>
        {fitting(detail)}
      </text>
    </a>
  );
}

/** Escapes and shortens a text to fit into a node. */
function fitting(text: string): string {
  const shown = [...safeText(text)];
  return shown.length > MAX_CHARACTERS
    ? `${shown.slice(0, MAX_CHARACTERS - 1).join('')}…`
    : shown.join('');
}
