import { compareBytes } from '@sstitch/contract';
import { lastVersionOf, MAX_GROUP_AGE_SLOTS } from '../src/log/edits.js';
import { isVisible, pieceOf } from '../src/state/pieces.js';
import type { State } from '../src/state/state.js';

/** Throws if a state breaks one of the invariants that state.ts lists. */
export function checkState(state: State): void {
  const { pieces, levelZero, memtable } = state;
  check(pieces[0]?.start.byteLength === 0, 'the first piece starts at the empty key');
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1];
    if (next === undefined) {
      check(piece.end === undefined, 'the last piece has no end');
    } else {
      const isJoined = piece.end !== undefined && compareBytes(piece.end, next.start) === 0;
      check(isJoined, 'each piece starts where the one before it ends');
      check(compareBytes(piece.start, next.start) < 0, 'pieces are ordered and not empty');
    }
    check(piece.version <= lastVersionOf(state.slot), 'no piece is newer than the state');
  }

  let bytes = 0;
  for (const [index, entry] of memtable.entries()) {
    bytes += entry.key.byteLength + (entry.value?.byteLength ?? 0);
    const next = memtable[index + 1];
    check(next === undefined || compareBytes(entry.key, next.key) < 0, 'the memtable is ordered');
    check(entry.version > state.flushedTo, 'the memtable has nothing that was flushed');
    check(entry.version > pieceOf(pieces, entry.key).version, 'no memtable entry is hidden');
  }
  check(bytes === state.memtableBytes, 'memtableBytes is the sum of the lengths');

  for (const [index, run] of levelZero.entries()) {
    const next = levelZero[index + 1];
    check(next === undefined || run.version >= next.version, 'level 0 is ordered from new to old');
    check(isVisible(pieces, run), 'level 0 has no run that all its pieces hide');
  }

  const inPieces = new Set(pieces.flatMap(({ run }) => (run === undefined ? [] : [run.id])));
  const inLevelZero = new Set(levelZero.map(({ run }) => run.id));
  check(inLevelZero.size === levelZero.length, 'level 0 names no run twice');
  const named = new Set([...inPieces, ...inLevelZero, ...state.retired.keys()]);
  const total = inPieces.size + inLevelZero.size + state.retired.size;
  check(named.size === total, 'a run is named by pieces, by level 0 or is retired');

  let before = 0;
  for (const slot of state.recentGroups.values()) {
    check(slot >= before && slot <= state.slot, 'recent groups are in the order of their slots');
    check(state.slot - slot < MAX_GROUP_AGE_SLOTS, 'old groups are forgotten');
    before = slot;
  }
}

function check(holds: boolean, invariant: string): void {
  if (!holds) throw new Error(`a state breaks an invariant: ${invariant}`);
}
