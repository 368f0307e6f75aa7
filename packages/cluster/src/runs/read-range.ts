// What a state holds in a range of keys, in both directions: a merge of
//
//   the overlay   the memtable and the runs of level 0; of each key the newest entry
//   the base      the runs of the pieces, piece after piece
//
// An entry of the overlay counts if it is newer than the piece that its key lies in (state/state.ts).
import { compareBytes, type Span } from '@sstitch/contract';
import { memtableIndexOf } from '../state/memtable.js';
import { pieceOf, piecesOver } from '../state/pieces.js';
import type { MemtableEntry, Piece, State } from '../state/state.js';
import { EntryStream, keyOrder, type StreamEntry } from './entry-stream.js';
import { runEntries, type ScanOptions } from './run-cursor.js';
import { type RunReader, runOverlaps } from './run-reader.js';

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
      for (const stream of overlay) {
        if (stream.current !== undefined && order(stream.current.key, over.key) === 0) {
          stream.advance();
        }
      }
      if (!isVisible) continue;
      if (replaces) base.advance();
      if (over.value !== undefined) page.push({ key: over.key, value: over.value });
    }
    if (page.length > 0) yield page;
  } finally {
    await Promise.all(streams.map((stream) => stream.close()));
  }
}

/**
 * Whether an entry of level 0 or of the memtable shows in a span that lies in one piece.
 *
 * @throws as `readRange`
 */
export async function hasOverlay(
  reader: RunReader,
  state: State,
  span: Span,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { version } = pieceOf(state.pieces, span.start);
  for (const stream of overlayStreams(reader, state, span, { reverse: false, signal })) {
    try {
      for (await stream.load(); stream.current !== undefined; await stream.load()) {
        if (stream.current.version > version) return true;
        stream.advance();
      }
    } finally {
      await stream.close();
    }
  }
  return false;
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

/** The newest entry of the smallest key. */
function newestOf(
  streams: readonly EntryStream[],
  order: (a: Uint8Array, b: Uint8Array) => number,
): StreamEntry | undefined {
  let newest: StreamEntry | undefined;
  for (const { current } of streams) {
    if (current === undefined) continue;
    const compared = newest === undefined ? -1 : order(current.key, newest.key);
    const isNewer = newest === undefined || current.version > newest.version;
    if (compared < 0 || (compared === 0 && isNewer)) newest = current;
  }
  return newest;
}

function overlayStreams(
  reader: RunReader,
  state: State,
  span: Span,
  options: ScanOptions,
): EntryStream[] {
  const streams = state.levelZero
    .filter(({ run }) => runOverlaps(run, span))
    .map(
      ({ run, version }) =>
        new EntryStream(
          withVersions(runEntries(reader, run, span, options), (sequence) => sequence || version),
        ),
    );
  const written = memtableEntries(state.memtable, span);
  if (written.length > 0) streams.push(new EntryStream(onePage(written, options.reverse)));
  return streams;
}

/** The entries of the memtable in a span. */
export function memtableEntries(
  memtable: readonly MemtableEntry[],
  { start, end }: Span,
): readonly MemtableEntry[] {
  const to = end === undefined ? memtable.length : memtableIndexOf(memtable, end);
  return memtable.slice(memtableIndexOf(memtable, start), to);
}

async function* onePage(
  entries: readonly StreamEntry[],
  reverse: boolean,
): AsyncGenerator<readonly StreamEntry[], void, undefined> {
  yield reverse ? entries.toReversed() : entries;
}

async function* withVersions(
  pages: ReturnType<typeof runEntries>,
  versionOf: (sequence: number) => number,
): AsyncGenerator<StreamEntry[], void, undefined> {
  for await (const page of pages) {
    yield page.map(({ key, value, sequence }) => ({ key, value, version: versionOf(sequence) }));
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

/** The pieces over a span, cut to it, in order. */
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

/** Returns the versions of the pieces of keys that are asked for in order: most lie in the piece of the one before. */
function pieceVersions(pieces: readonly Piece[]): (key: Uint8Array) => number {
  let piece: Piece | undefined;
  return (key) => {
    const isSame =
      piece !== undefined &&
      compareBytes(piece.start, key) <= 0 &&
      (piece.end === undefined || compareBytes(key, piece.end) < 0);
    if (!isSame) piece = pieceOf(pieces, key);
    return piece?.version ?? 0;
  };
}
