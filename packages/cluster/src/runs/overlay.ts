// The overlay: what lies over the runs of the pieces, that is, the memtable and the runs of level 0.
import { compareBytes, type Span } from '@sstitch/contract';
import { memtableIndexOf } from '../state/memtable.js';
import { pieceOf } from '../state/pieces.js';
import type { MemtableEntry, Piece, State } from '../state/state.js';
import { EntryStream, keyOrder, type StreamEntry } from './entry-stream.js';
import { runEntries, type ScanOptions } from './run-cursor.js';
import { type RunReader, runOverlaps } from './run-reader.js';

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

/**
 * Yields the entries of level 0 and of the memtable that show, tombstones too, in key order; of each key the newest.
 *
 * @throws as `readRange`
 */
export async function* overlayEntries(
  reader: RunReader,
  state: State,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamEntry[], void, undefined> {
  const everything = { start: new Uint8Array(0), end: undefined };
  const streams = overlayStreams(reader, state, everything, { reverse: false, signal });
  const order = keyOrder(false);
  const versionAt = pieceVersions(state.pieces);
  let page: StreamEntry[] = [];
  try {
    for (;;) {
      if (streams.some((stream) => stream.isSpent)) {
        if (page.length > 0) yield page;
        page = [];
        await Promise.all(streams.map((stream) => stream.load()));
      }
      const newest = newestOf(streams, order);
      if (newest === undefined) break;
      advancePast(streams, newest.key, order);
      if (newest.version > versionAt(newest.key)) page.push(newest);
    }
    if (page.length > 0) yield page;
  } finally {
    await Promise.all(streams.map((stream) => stream.close()));
  }
}

/** The newest entry of the smallest key. */
export function newestOf(
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

export function overlayStreams(
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

export async function* withVersions(
  pages: ReturnType<typeof runEntries>,
  versionOf: (sequence: number) => number,
): AsyncGenerator<StreamEntry[], void, undefined> {
  for await (const page of pages) {
    yield page.map(({ key, value, sequence }) => ({ key, value, version: versionOf(sequence) }));
  }
}

/** Moves streams whose current key is `key` to their next entry. */
export function advancePast(
  streams: readonly EntryStream[],
  key: Uint8Array,
  order: (a: Uint8Array, b: Uint8Array) => number,
): void {
  for (const stream of streams) {
    if (stream.current !== undefined && order(stream.current.key, key) === 0) stream.advance();
  }
}

/** Returns the versions of the pieces of ascending keys: most lie in the piece of the previous key. */
export function pieceVersions(pieces: readonly Piece[]): (key: Uint8Array) => number {
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
