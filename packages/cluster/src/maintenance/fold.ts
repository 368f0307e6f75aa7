// Folds level 0 into the pieces: rewrites the ranges over which runs of level 0 lie, so that reads meet fewer runs and
// replaced entries can be deleted.
//
// Everything is folded up to the last flush: what is newer stays where it is. A piece is folded in parts, each split at
// blocks of its run and in a commit of its own, so that a lost race or an abort wastes one part. Parts that nothing
// lies over keep their run. Any process may fold at any time: the edit that comes second is void.
import { compareBytes, type Span } from '@sstitch/contract';
import type { FoldEdit, RunRef } from '../log/edits.js';
import type { RunEntry } from '../runs/block.js';
import { hasOverlay } from '../runs/overlay.js';
import { readRange, type VisibleEntry } from '../runs/read-range.js';
import type { IndexedBlock } from '../runs/run-index.js';
import { type RunReader, runOverlaps } from '../runs/run-reader.js';
import { type WrittenRun, writeRun } from '../runs/run-writer.js';
import type { Piece, State } from '../state/state.js';
import { commitRun } from './commit-run.js';
import { flushedState, type MaintenanceContext } from './flush.js';

/** How much of a piece's run is rewritten by one commit. */
const PART_BYTES = 16 * 1024 * 1024;

/** The most bytes of bounds in a commit of folds that name no run, because the size of a commit is limited. */
export const MAX_BOUND_BYTES = 8 * 1024;

/** What a fold did. */
export interface FoldReport {
  /** Runs that were written in place of others. */
  readonly runsWritten: number;
  /** The bytes of their blocks. */
  readonly bytesWritten: number;
  /** False if other processes changed what was being folded; the rest is left for the next fold. */
  readonly isComplete: boolean;
}

/**
 * Folds all of level 0 that is older than the last flush.
 *
 * @throws ClusterError as `LogClient.commit`, `writeRun` and `readRange`
 */
export async function foldLevelZero(context: MaintenanceContext): Promise<FoldReport> {
  const { client, reader, signal } = context;
  const view = client.view();
  const done = { runsWritten: 0, bytesWritten: 0 };
  try {
    const state = flushedState(await view.state());
    const to = state.flushedTo;
    let kept: FoldEdit[] = [];
    for await (const span of partsToFold(reader, state)) {
      let written: WrittenRun | undefined;
      let edits: FoldEdit[];
      if (await hasOverlay(reader, state, span, signal)) {
        const pages = foldedPages(readRange(reader, state, span, { reverse: false, signal }));
        written = await writeRun(pages, context);
        edits = [...kept, { type: 'fold', span, run: written?.run, to }];
      } else {
        kept = withKept(kept, span, to);
        if (boundBytesOf(kept) < MAX_BOUND_BYTES) continue;
        edits = kept;
      }
      if ((await commitRun(client, written, edits)) === undefined) {
        return { ...done, isComplete: false };
      }
      kept = [];
      done.runsWritten += written === undefined ? 0 : 1;
      done.bytesWritten += written?.run.bytes ?? 0;
    }
    const isComplete = kept.length === 0 || (await client.commit(kept)) !== undefined;
    return { ...done, isComplete };
  } finally {
    view.release();
  }
}

/** The length of the bounds of fold edits. */
export function boundBytesOf(edits: readonly FoldEdit[]): number {
  return edits.reduce((sum, { span }) => sum + span.start.length + (span.end?.length ?? 0), 0);
}

/** The spans to fold, each inside a piece. */
async function* partsToFold(
  reader: RunReader,
  state: State,
): AsyncGenerator<Span, void, undefined> {
  for (const piece of state.pieces) {
    const over = state.levelZero.filter(
      ({ run, version }) => version > piece.version && runOverlaps(run, piece),
    );
    if (over.length === 0) continue;
    const runs = over.map(({ run }) => run);
    if (piece.run !== undefined) runs.push(piece.run);
    let { start } = piece;
    for (const key of await splitKeysOf(reader, runs, piece)) {
      yield { start, end: key };
      start = key;
    }
    yield { start, end: piece.end };
  }
}

/** The keys that split a piece into parts of about PART_BYTES, at the blocks of the runs that are read for it. */
async function splitKeysOf(
  reader: RunReader,
  runs: readonly RunRef[],
  piece: Piece,
): Promise<Uint8Array[]> {
  const blocks: IndexedBlock[] = [];
  for (const run of runs) {
    const index = await reader.index(run);
    const last = piece.end === undefined ? index.blockCount - 1 : index.blockBelow(piece.end);
    for (let number = index.blockOf(piece.start) + 1; number <= last; number += 1) {
      blocks.push(index.block(number));
    }
  }
  blocks.sort((a, b) => compareBytes(a.firstKey, b.firstKey));
  const keys: Uint8Array[] = [];
  let bytes = 0;
  for (const { firstKey, lengthBytes } of blocks) {
    const isNew = compareBytes(firstKey, keys.at(-1) ?? piece.start) > 0;
    if (bytes >= PART_BYTES && isNew) {
      keys.push(firstKey);
      bytes = 0;
    }
    bytes += lengthBytes;
  }
  return keys;
}

/** Adds a span whose pieces keep their runs, joined to the one before it if they touch. */
function withKept(kept: readonly FoldEdit[], span: Span, to: number): FoldEdit[] {
  const last = kept.at(-1);
  const touches = last?.span.end !== undefined && compareBytes(last.span.end, span.start) === 0;
  if (last === undefined || !touches) return [...kept, { type: 'fold', span, run: 'kept', to }];
  return [...kept.slice(0, -1), { ...last, span: { start: last.span.start, end: span.end } }];
}

/** The pages of a run that holds what a range shows. */
export async function* foldedPages(
  pages: AsyncIterable<readonly VisibleEntry[]>,
): AsyncGenerator<RunEntry[], void, undefined> {
  for await (const page of pages) {
    yield page.map(({ key, value }) => ({ key, value, sequence: 0 }));
  }
}
