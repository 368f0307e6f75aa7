// Joins neighbouring pieces that hold nothing, such as those that dropped syncs leave, so that the state stays small.
import type { Span } from '@sstitch/contract';
import { type FoldEdit, lastVersionOf } from '../log/edits.js';
import type { LogClient } from '../protocol/log-client.js';
import { memtableEntries } from '../runs/overlay.js';
import { runOverlaps } from '../runs/run-reader.js';
import type { State } from '../state/state.js';
import { boundBytesOf, MAX_BOUND_BYTES } from './fold.js';

/** Pieces are joined when a state has this many that a join removes. */
export const REMOVABLE_PIECES = 64;
/** How many pieces `joinEmptyPieces` would remove from a state. */
export function removablePieces(state: State): number {
  return emptyStretches(state).reduce((sum, { pieces }) => sum + pieces - 1, 0);
}

/**
 * Joins them, as many as one commit holds.
 *
 * @returns whether there were any
 * @throws ClusterError as `LogClient.commit`
 */
export async function joinEmptyPieces(client: LogClient): Promise<boolean> {
  const state = await client.latest();
  const to = lastVersionOf(state.slot);
  const edits: FoldEdit[] = [];
  for (const { span } of emptyStretches(state)) {
    if (boundBytesOf(edits) >= MAX_BOUND_BYTES) break;
    edits.push({ type: 'fold', span, run: undefined, to });
  }
  return edits.length > 0 && (await client.commit(edits)) !== undefined;
}

/** The spans of two or more neighbouring pieces without runs, over which nothing lies. */
function emptyStretches(state: State): Array<{ readonly span: Span; readonly pieces: number }> {
  const stretches: Array<{ span: Span; pieces: number }> = [];
  let open: { span: Span; pieces: number } | undefined;
  for (const piece of state.pieces) {
    const isEmpty =
      piece.run === undefined &&
      !state.levelZero.some(({ run }) => runOverlaps(run, piece)) &&
      memtableEntries(state.memtable, piece).length === 0;
    if (!isEmpty) open = undefined;
    else if (open === undefined) {
      open = { span: { start: piece.start, end: piece.end }, pieces: 1 };
      stretches.push(open);
    } else {
      open.span = { start: open.span.start, end: piece.end };
      open.pieces += 1;
    }
  }
  return stretches.filter(({ pieces }) => pieces > 1);
}
