// Rewrites what is left of runs that were mostly replaced. A run is deleted as a whole, when no piece names it: a load
// of a hundred syncs in one run would keep its size until the last of them is replaced.
import { compareBytes } from '@sstitch/contract';
import type { FoldEdit, RunRef } from '../log/edits.js';
import { readRange } from '../runs/read-range.js';
import type { RunReader } from '../runs/run-reader.js';
import { writeRun } from '../runs/run-writer.js';
import type { Piece, State } from '../state/state.js';
import { commitRun } from './commit-run.js';
import { flushedState, type MaintenanceContext } from './flush.js';
import { foldedPages, MAX_BOUND_BYTES } from './fold.js';

/** Smaller runs are left: a rewrite would save little. */
const MIN_RUN_BYTES = 4 * 1024 * 1024;
/** A run is sparse if its pieces show less than this part of it. What is written is then less than what is saved. */
const SPARSE_PART = 0.5;

/**
 * The most pieces that one commit rewrites. Each edit names the new run, whose first and last keys may have the
 * greatest length of a key (store/limits.ts): 32 such edits take half of what a commit holds.
 */
const PIECES_PER_COMMIT = 32;

/** A run, and the pieces that name it. */
interface NamedRun {
  readonly run: RunRef;
  readonly pieces: Piece[];
}

/** Whether some run of the pieces may be sparse: others lie between its first and its last key. */
export function mayHaveSparseRuns(state: State): boolean {
  return splitRuns(state, MIN_RUN_BYTES).length > 0;
}

/**
 * Rewrites one sparse run: its pieces get a run of their own.
 *
 * @returns whether there was one, and no other process changed its pieces meanwhile
 * @throws ClusterError as `LogClient.commit`, `writeRun` and `readRange`
 */
export async function rewriteSparseRun(
  context: MaintenanceContext,
  minRunBytes = MIN_RUN_BYTES,
): Promise<boolean> {
  const { client, reader, signal } = context;
  const view = client.view();
  try {
    const state = flushedState(await view.state());
    const to = state.flushedTo;
    for (const { run, pieces } of splitRuns(state, minRunBytes)) {
      if ((await shownBytes(reader, run, pieces)) >= SPARSE_PART * run.bytes) continue;
      const rewritten = piecesOfOneCommit(pieces.filter(({ version }) => version <= to));
      if (rewritten.length === 0) continue;
      const pages = async function* () {
        for (const piece of rewritten) {
          yield* foldedPages(readRange(reader, state, piece, { reverse: false, signal }));
        }
      };
      const written = await writeRun(pages(), context);
      const edits = rewritten.map(({ start, end }): FoldEdit => {
        return { type: 'fold', span: { start, end }, run: written?.run, to };
      });
      return (await commitRun(client, written, edits)) !== undefined;
    }
    return false;
  } finally {
    view.release();
  }
}

/** Runs between whose keys lie pieces with another run, or with none. */
function splitRuns({ pieces }: State, minRunBytes: number): NamedRun[] {
  const named = new Map<string, NamedRun & { isSplit: boolean }>();
  let previous: Piece | undefined;
  for (const piece of pieces) {
    const { run } = piece;
    if (run !== undefined && run.bytes >= minRunBytes) {
      const one = named.get(run.id);
      if (one === undefined) {
        const isSplit = compareBytes(run.first, piece.start) < 0;
        named.set(run.id, { run, pieces: [piece], isSplit });
      } else {
        one.pieces.push(piece);
        if (previous?.run?.id !== run.id) one.isSplit = true;
      }
    }
    previous = piece;
  }
  return [...named.values()].filter(({ run, pieces: own, isSplit }) => {
    const end = own.at(-1)?.end;
    return isSplit || (end !== undefined && compareBytes(end, run.last) <= 0);
  });
}

/** The size of the blocks of a run that its pieces may show. */
async function shownBytes(
  reader: RunReader,
  run: RunRef,
  pieces: readonly Piece[],
): Promise<number> {
  const index = await reader.index(run);
  let bytes = 0;
  let counted = 0;
  for (const { start, end } of pieces) {
    const first = Math.max(counted, index.blockOf(start));
    const last = end === undefined ? index.blockCount - 1 : index.blockBelow(end);
    for (let number = first; number <= last; number += 1) bytes += index.block(number).lengthBytes;
    counted = Math.max(counted, last + 1);
  }
  return bytes;
}

/** The first pieces, as many as one commit can rewrite, which is at least one. */
function piecesOfOneCommit(pieces: readonly Piece[]): Piece[] {
  let bytes = 0;
  return pieces.filter(({ start, end, run }, index) => {
    bytes += start.length + (end?.length ?? 0) + (run?.first.length ?? 0) + (run?.last.length ?? 0);
    return index === 0 || (index < PIECES_PER_COMMIT && bytes <= MAX_BOUND_BYTES);
  });
}
