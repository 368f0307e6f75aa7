// Draws the graph of who has what in columns: principals on the left, and to the right of each node what follows.
import type { GraphEdgeShape, GraphNodeShape, GraphShape } from '../../shapes.js';
import { type Parameters, useAnswer } from '../answers.js';
import { Problem, Waiting } from '../components/list-table.js';
import { link } from '../route.js';
import { safeText } from '../words.js';

const NODE_WIDTH = 214;
const NODE_HEIGHT = 36;
const COLUMN_WIDTH = 290;
const ROW_HEIGHT = 46;
const MARGIN = 8;
/** The most rows that a short column is moved down. The end of a tall picture stays in sight. */
const MAX_ROWS_ABOVE = 3;
/** The most characters that fit into a node. */
const MAX_CHARACTERS = 30;

interface GraphViewProps {
  readonly syncId: string;
  readonly parameters: Parameters;
}

/** Shows the graph of a principal or an entitlement. */
export function GraphView({ syncId, parameters }: GraphViewProps) {
  const { value, problem } = useAnswer<GraphShape>('graph', { sync: syncId, ...parameters });
  if (problem !== undefined) return <Problem text={problem} />;
  if (value === undefined) return <Waiting />;
  const places = placesOf(value.nodes);
  const width = Math.max(...[...places.values()].map(({ x }) => x)) + NODE_WIDTH + MARGIN;
  const height = Math.max(...[...places.values()].map(({ y }) => y)) + NODE_HEIGHT + MARGIN;
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
          {value.edges.map((edge) => (
            <Edge key={`${edge.from} ${edge.to}`} {...{ edge, places }} />
          ))}
          {value.nodes.map((node) => (
            <Node key={node.key} {...{ syncId, node, places }} />
          ))}
        </svg>
      </div>
    </section>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Places each column from top to bottom, short columns near the middle. */
function placesOf(nodes: readonly GraphNodeShape[]): ReadonlyMap<string, Place> {
  const columns = new Map<number, GraphNodeShape[]>();
  for (const node of nodes) columns.set(node.column, [...(columns.get(node.column) ?? []), node]);
  const numbers = [...columns.keys()].sort((a, b) => a - b);
  const most = Math.max(...[...columns.values()].map(({ length }) => length));
  const places = new Map<string, Place>();
  for (const [at, number] of numbers.entries()) {
    const column = columns.get(number) ?? [];
    const top = Math.min((most - column.length) / 2, MAX_ROWS_ABOVE) * ROW_HEIGHT;
    for (const [row, { key }] of column.entries()) {
      places.set(key, { x: MARGIN + at * COLUMN_WIDTH, y: MARGIN + top + row * ROW_HEIGHT });
    }
  }
  return places;
}

type Places = ReadonlyMap<string, Place>;

function Edge({ edge, places }: { readonly edge: GraphEdgeShape; readonly places: Places }) {
  const [from, to] = [places.get(edge.from), places.get(edge.to)];
  if (from === undefined || to === undefined) return null;
  const [x1, y1] = [from.x + NODE_WIDTH, from.y + NODE_HEIGHT / 2];
  const [x2, y2] = [to.x, to.y + NODE_HEIGHT / 2];
  const bend = Math.max(30, Math.abs(x2 - x1) / 2);
  return (
    <path
      class={`edge ${edge.kind}`}
      d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
    />
  );
}

interface NodeProps {
  readonly syncId: string;
  readonly node: GraphNodeShape;
  readonly places: Places;
}

function Node({ syncId, node, places }: NodeProps) {
  const { x, y } = places.get(node.key) ?? { x: 0, y: 0 };
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
        {fitting(name)}
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
