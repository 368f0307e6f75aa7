// Lays out a graph in columns. An edge that spans several columns passes through a lane of its own in each column
// between, so that no node covers it. One pass from left to right puts each node near what leads to it.
import type { GraphEdgeShape, GraphNodeShape, GraphShape } from '../../shapes.js';

export const NODE_WIDTH = 200;
export const NODE_HEIGHT = 36;
const COLUMN_GAP = 62;
const ROW_HEIGHT = 46;
const LANE_HEIGHT = 12;
const MARGIN = 8;
/** A short column is moved down at most this far, so that the end of a tall graph stays in sight. */
const MAX_SHIFT = 3 * ROW_HEIGHT;

/** A point of the drawing. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A graph with the places of its nodes and the ways of its edges. */
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  /** The upper left corner of each node. */
  readonly nodes: ReadonlyArray<{ readonly node: GraphNodeShape; readonly at: Point }>;
  /** From the right side of a node, through lanes, to the left side of another. */
  readonly edges: ReadonlyArray<{
    readonly edge: GraphEdgeShape;
    readonly points: readonly Point[];
  }>;
}

/** A node, or the lane of an edge, in a column. */
interface Slot {
  readonly node: GraphNodeShape | undefined;
  readonly before: Slot[];
  row: number;
  at: Point;
}

/** Lays out a graph. */
export function layoutGraph({ nodes, edges }: GraphShape): GraphLayout {
  const numbers = [...new Set(nodes.map(({ column }) => column))].sort((a, b) => a - b);
  const columns = numbers.map((): Slot[] => []);
  const slots = new Map<string, { readonly slot: Slot; readonly column: number }>();
  const addSlot = (column: number, node: GraphNodeShape | undefined): Slot => {
    const slot = { node, before: [], row: 0, at: { x: 0, y: 0 } };
    columns[column]?.push(slot);
    return slot;
  };
  for (const node of nodes) {
    const column = numbers.indexOf(node.column);
    slots.set(node.key, { slot: addSlot(column, node), column });
  }
  const routes = edges.flatMap((edge) => {
    const [from, to] = [slots.get(edge.from), slots.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    const route = [from.slot];
    for (let column = from.column + 1; column < to.column; column++) {
      route.push(addSlot(column, undefined));
    }
    route.push(to.slot);
    for (const [at, slot] of route.entries()) {
      const before = route[at - 1];
      if (before !== undefined) slot.before.push(before);
    }
    return [{ edge, route }];
  });
  const height = placeColumns(columns);
  return {
    width: 2 * MARGIN + columns.length * NODE_WIDTH + (columns.length - 1) * COLUMN_GAP,
    height,
    nodes: columns.flat().flatMap(({ node, at }) => (node === undefined ? [] : [{ node, at }])),
    edges: routes.map(({ edge, route }) => ({ edge, points: route.flatMap(pointsOf) })),
  };
}

/** Orders each column and sets the places of its slots. Returns the height of the drawing. */
function placeColumns(columns: readonly Slot[][]): number {
  const tallest = Math.max(...columns.map(heightOf));
  for (const [number, column] of columns.entries()) {
    for (const [row, slot] of column.entries()) slot.row = row;
    const wanted = new Map(column.map((slot) => [slot, wantedRow(slot)]));
    column.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
    let y = MARGIN + Math.min((tallest - heightOf(column)) / 2, MAX_SHIFT);
    for (const slot of column) {
      slot.row = y;
      slot.at = { x: MARGIN + number * (NODE_WIDTH + COLUMN_GAP), y };
      y += slotHeight(slot);
    }
  }
  return tallest + 2 * MARGIN;
}

/** The mean place of what leads to a slot; its own order if nothing does. */
function wantedRow({ before, row }: Slot): number {
  if (before.length === 0) return row;
  return before.reduce((sum, slot) => sum + slot.row, 0) / before.length;
}

function heightOf(column: readonly Slot[]): number {
  return column.reduce((sum, slot) => sum + slotHeight(slot), 0);
}

function slotHeight({ node }: Slot): number {
  return node === undefined ? LANE_HEIGHT : ROW_HEIGHT;
}

/** Where an edge touches a slot: first and last at a node's side, between along a lane. */
function pointsOf({ node, at }: Slot, index: number, route: readonly Slot[]): readonly Point[] {
  const middle = at.y + (node === undefined ? LANE_HEIGHT / 2 : NODE_HEIGHT / 2);
  const [left, right] = [
    { x: at.x, y: middle },
    { x: at.x + NODE_WIDTH, y: middle },
  ];
  if (index === 0) return [right];
  return index === route.length - 1 ? [left] : [left, right];
}
