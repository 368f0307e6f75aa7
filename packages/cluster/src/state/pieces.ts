import { compareBytes, type Span } from '@sstitch/contract';
import type { LevelZeroRun, Piece } from './state.js';

/** The index of the piece that holds a key. */
export function pieceIndexOf(pieces: readonly Piece[], key: Uint8Array): number {
  let low = 0;
  let high = pieces.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (compareBytes(pieceAt(pieces, middle).start, key) <= 0) low = middle;
    else high = middle;
  }
  return low;
}

/** The piece that holds a key. */
export function pieceOf(pieces: readonly Piece[], key: Uint8Array): Piece {
  return pieceAt(pieces, pieceIndexOf(pieces, key));
}

/** The pieces that hold keys of a span, whole, in order. */
export function piecesOver(pieces: readonly Piece[], span: Span): Piece[] {
  if (isEmptySpan(span)) return [];
  return pieces.slice(pieceIndexOf(pieces, span.start), indexAfter(pieces, span));
}

/** The pieces after what lies in a span was replaced: `rewrite` gets its pieces, clipped to the span. */
export function rewriteSpan(
  pieces: readonly Piece[],
  span: Span,
  rewrite: (inside: Piece[]) => Piece[],
): readonly Piece[] {
  if (isEmptySpan(span)) return pieces;
  const from = pieceIndexOf(pieces, span.start);
  const to = indexAfter(pieces, span);
  const first = pieceAt(pieces, from);
  const last = pieceAt(pieces, to - 1);
  const startsInside = compareBytes(first.start, span.start) < 0;
  const endsInside = span.end !== undefined && isBefore(span.end, last.end);
  const inside = pieces.slice(from, to);
  if (startsInside) inside[0] = { ...first, start: span.start };
  if (endsInside)
    inside[inside.length - 1] = { ...pieceAt(inside, inside.length - 1), end: span.end };
  return [
    ...pieces.slice(0, from),
    ...(startsInside ? [{ ...first, end: span.start }] : []),
    ...rewrite(inside),
    ...(endsInside && span.end !== undefined ? [{ ...last, start: span.end }] : []),
    ...pieces.slice(to),
  ];
}

/** Whether some piece shows entries of a run of level 0. */
export function isVisible(pieces: readonly Piece[], { run, version }: LevelZeroRun): boolean {
  for (let index = pieceIndexOf(pieces, run.first); index < pieces.length; index += 1) {
    const piece = pieceAt(pieces, index);
    if (compareBytes(piece.start, run.last) > 0) return false;
    if (piece.version < version) return true;
  }
  return false;
}

/** The index after the last piece with keys of a span that is not empty. */
function indexAfter(pieces: readonly Piece[], span: Span): number {
  if (span.end === undefined) return pieces.length;
  const index = pieceIndexOf(pieces, span.end);
  return compareBytes(pieceAt(pieces, index).start, span.end) < 0 ? index + 1 : index;
}

function isEmptySpan(span: Span): boolean {
  return span.end !== undefined && compareBytes(span.start, span.end) >= 0;
}

/** Whether a bound lies before another; undefined lies after all keys. */
function isBefore(bound: Uint8Array, other: Uint8Array | undefined): boolean {
  return other === undefined || compareBytes(bound, other) < 0;
}

function pieceAt(pieces: readonly Piece[], index: number): Piece {
  const piece = pieces[index];
  // The pieces cover all keys, so that no search leaves them.
  if (piece === undefined) throw new RangeError(`there is no piece ${index}`);
  return piece;
}
