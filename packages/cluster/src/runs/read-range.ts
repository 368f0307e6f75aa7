// What a state holds in a range of keys, in both directions: a merge of
//
//   the overlay   the memtable and the runs of level 0; of each key the newest entry
//   the base      the runs of the pieces, piece after piece
//
// An entry of the overlay counts if it is newer than the piece that its key lies in (state/state.ts).
import { compareBytes, type Span } from '@sstitch/contract';
import { piecesOver } from '../state/pieces.js';
import type { Piece, State } from '../state/state.js';
import { EntryStream, keyOrder, type StreamEntry } from './entry-stream.js';
import { advancePast, newestOf, overlayStreams, pieceVersions, withVersions } from './overlay.js';
import { runEntries, type ScanOptions } from './run-cursor.js';
import type { RunReader } from './run-reader.js';

/** An entry that a state shows. Its bytes may be views of cached blocks. */
export interface VisibleEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Yields the entries of a span in pages, ascending or with `reverse` descending.
 *
 * @throws ClusterError SSTITCH_VIEW_GONE, SSTITCH_CLUSTER_CORRUPT, SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_LEASE_LOST,
 * SSTITCH_ABORTED
 */
export async function* readRange(
  reader: RunReader,
  state: State,
  span: Span,
  options: ScanOptions,
): AsyncGenerator<VisibleEntry[], void, undefined> {
  const order = keyOrder(options.reverse);
  const overlay = overlayStreams(reader, state, span, options);
  const base = new EntryStream(baseEntries(reader, state, span, options));
  const versionAt = pieceVersions(state.pieces);
  const streams = [...overlay, base];
  let page: VisibleEntry[] = [];
  try {
    for (;;) {
      if (streams.some((stream) => stream.isSpent)) {
        // Before the next read, so that a reader of few entries does not wait for it.
        if (page.length > 0) yield page;
        page = [];
        await Promise.all(streams.map((stream) => stream.load()));
      }
      const over = newestOf(overlay, order);
      takeBase(base, over?.key, order, page);
      if (base.isSpent) continue;
      if (over === undefined) break;
      const isVisible = over.version > versionAt(over.key);
      const replaces = base.current !== undefined && order(base.current.key, over.key) === 0;
      advancePast(overlay, over.key, order);
      if (!isVisible) continue;
      if (replaces) base.advance();
      if (over.value !== undefined) page.push({ key: over.key, value: over.value });
    }
    if (page.length > 0) yield page;
  } finally {
    await Promise.all(streams.map((stream) => stream.close()));
  }
}

/** Moves entries of the base before a key, or all of its page, to the page. */
function takeBase(
  base: EntryStream,
  before: Uint8Array | undefined,
  order: (a: Uint8Array, b: Uint8Array) => number,
  page: VisibleEntry[],
): void {
  for (let entry = base.current; entry !== undefined; entry = base.current) {
    if (before !== undefined && order(entry.key, before) >= 0) return;
    // A piece's run has no tombstones.
    if (entry.value !== undefined) page.push({ key: entry.key, value: entry.value });
    base.advance();
  }
}

/** The entries of the pieces' runs inside a span. Their version plays no part. */
async function* baseEntries(
  reader: RunReader,
  state: State,
  span: Span,
  options: ScanOptions,
): AsyncGenerator<StreamEntry[], void, undefined> {
  const pieces = piecesIn(state.pieces, span);
  for (const piece of options.reverse ? pieces.toReversed() : pieces) {
    const { run, version } = piece;
    if (run === undefined) continue;
    yield* withVersions(runEntries(reader, run, piece, options), () => version);
  }
}

/** The pieces over a span, clipped to it, in order. */
function piecesIn(pieces: readonly Piece[], span: Span): Piece[] {
  return piecesOver(pieces, span).map((piece) => ({
    ...piece,
    start: compareBytes(piece.start, span.start) > 0 ? piece.start : span.start,
    end: earlierEnd(piece.end, span.end),
  }));
}

function earlierEnd(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareBytes(a, b) < 0 ? a : b;
}
