import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pieceOf, rewriteSpans } from './pieces.js';
import type { Piece } from './state.js';

const KEYS = 12;
const keyOf = (number: number) => (number === 0 ? new Uint8Array(0) : Uint8Array.of(number));
const everything: Piece = { start: keyOf(0), end: undefined, run: undefined, version: 0 };

/** Bounds of spans in ascending order, of which pairs are spans: some are empty, some touch, the last may have no end. */
const bounds = fc
  .array(fc.nat(KEYS), { maxLength: 10 })
  .map((numbers) => numbers.sort((a, b) => a - b));

it('spans are rewritten in one pass: each gets its pieces, clipped to it, and the others stay', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bounds, fc.boolean()), { maxLength: 8 }), (rounds) => {
      let pieces: readonly Piece[] = [everything];
      const versions = new Array<number>(KEYS + 1).fill(0);
      for (const [round, [numbers, keepsPieces]] of rounds.entries()) {
        const version = round + 1;
        const spans = [];
        for (let at = 0; at < numbers.length; at += 2) {
          const [from = 0, to] = numbers.slice(at, at + 2);
          spans.push({ start: keyOf(from), end: to === undefined ? undefined : keyOf(to) });
          versions.fill(version, from, to);
        }
        pieces = rewriteSpans(pieces, spans, (span, inside) => {
          expect(inside[0]?.start).toEqual(span.start);
          expect(inside.at(-1)?.end).toEqual(span.end);
          if (keepsPieces) return inside.map((piece) => ({ ...piece, version }));
          return [{ ...span, run: undefined, version }];
        });
        expect(pieces[0]?.start).toEqual(keyOf(0));
        const ends = pieces.map(({ end }) => end);
        expect(ends).toEqual([...pieces.slice(1).map(({ start }) => start), undefined]);
      }
      expect(versions.map((_, key) => pieceOf(pieces, keyOf(key)).version)).toEqual(versions);
    }),
    { numRuns: 1000 },
  );
});

it('as many spans as a commit holds are rewritten in one pass too', () => {
  const span = (at: number) => {
    const start = Buffer.from(String(1_000_000 + at));
    return { start, end: Buffer.concat([start, Uint8Array.of(0)]) };
  };
  let pieces: readonly Piece[] = [everything];
  for (let version = 1; version <= 2; version += 1) {
    const spans = Array.from({ length: 20_000 }, (_, at) => span(3 * at + version));
    pieces = rewriteSpans(pieces, spans, (own) => [{ ...own, run: undefined, version }]);
  }
  // A span of the second version starts after the one of the first, which ends before it.
  expect(pieces.filter(({ version }) => version > 0)).toHaveLength(40_000);
});
