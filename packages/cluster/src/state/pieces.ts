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

/**
 * Replaces what lies in spans and returns all pieces: `rewrite` gets the pieces of each span, clipped to it. Makes one
 * pass, because a commit may have tens of thousands of spans.
 *
 * @param spans sorted and disjoint
 */
export function rewriteSpans(
  pieces: readonly Piece[],
  spans: readonly Span[],
  rewrite: (span: Span, inside: Piece[]) => readonly Piece[],
): readonly Piece[] {
  const [first] = spans;
  if (first === undefined) return pieces;
  let at = pieceIndexOf(pieces, first.start);
  const rewritten = pieces.slice(0, at);
  /** What is left of the piece at `at`; undefined after the last. */
  let rest = pieces[at];
  for (const span of spans) {
    if (isEmptySpan(span)) continue;
    for (; rest?.end !== undefined && compareBytes(rest.end, span.start) <= 0; rest = pieces[at]) {
      rewritten.push(rest);
      at += 1;
    }
    if (rest !== undefined && compareBytes(rest.start, span.start) < 0) {
      rewritten.push({ ...rest, end: span.start });
      rest = { ...rest, start: span.start };
    }
    const inside: Piece[] = [];
    for (; rest !== undefined && !isBefore(span.end, rest.end); rest = pieces[at]) {
      inside.push(rest);
      at += 1;
    }
    if (rest !== undefined && span.end !== undefined && compareBytes(rest.start, span.end) < 0) {
      inside.push({ ...rest, end: span.end });
      rest = { ...rest, start: span.end };
    }
    for (const piece of rewrite(span, inside)) rewritten.push(piece);
  }
  return rest === undefined ? rewritten : rewritten.concat(rest, pieces.slice(at + 1));
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
function isBefore(bound: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (bound === undefined) return false;
  return other === undefined || compareBytes(bound, other) < 0;
}

function pieceAt(pieces: readonly Piece[], index: number): Piece {
  const piece = pieces[index];
  // The pieces cover all keys, so that no search leaves them.
  if (piece === undefined) throw new RangeError(`there is no piece ${index}`);
  return piece;
}
