// The state of a store: what its log means up to a slot. Immutable, so that a view is a state.
//
// Invariants:
// - pieces are ordered, disjoint and cover all keys: the first starts at the empty key, the last has no end, and each
//   starts where the one before it ends;
// - a piece hides every entry whose version is below or equal to the piece's, except those of its own run;
// - the memtable has the newest write of each key with a version above `flushedTo`, unless a piece hides it, in key
//   order;
// - runs of level 0 are ordered from new to old. The keys of each, from its first to its last, overlap a piece with a
//   lower version: others are retired;
// - a run is named by pieces, or by level 0, or is retired, or is unknown to the state; never two of these;
// - `recentGroups` has the id of each group that was applied in the last MAX_GROUP_AGE_SLOTS slots.
//
// An entry's version: in the memtable, its own; in a run of a flush or a merge, the sequence number of its internal
// key; in any other run (sequence number 0), the version of the run in level 0, or of the piece.
//
// What a key holds: of the memtable's entry and those of level 0, the newest whose version is above the piece's; a
// tombstone means that the key is missing. If there is no such entry, what the piece's run holds.
import type { RunRef } from '../log/edits.js';

/** A range of keys whose older entries, if any, are all in one run. */
export interface Piece {
  readonly start: Uint8Array;
  /** Exclusive; undefined for the last piece. */
  readonly end: Uint8Array | undefined;
  readonly run: RunRef | undefined;
  readonly version: number;
}

/** A write in the log that is not in a run yet. */
export interface MemtableEntry {
  readonly key: Uint8Array;
  /** Undefined for a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly version: number;
}

/** A run over the pieces. */
export interface LevelZeroRun {
  readonly run: RunRef;
  /** Of every entry with sequence number 0. No entry has a higher version. */
  readonly version: number;
}

/** A run that no later state reads. */
export interface RetiredRun {
  readonly run: RunRef;
  /** The slot that retired it: states before it may read it. */
  readonly slot: number;
}

export interface State {
  /** The last slot that it contains; 0 for the empty store. */
  readonly slot: number;
  readonly pieces: readonly Piece[];
  readonly levelZero: readonly LevelZeroRun[];
  readonly memtable: readonly MemtableEntry[];
  /** The sum of the keys' and values' lengths in the memtable. */
  readonly memtableBytes: number;
  /** Every write up to this version has left the memtable. */
  readonly flushedTo: number;
  readonly retired: ReadonlyMap<string, RetiredRun>;
  /** The owners that have joined, and their slots. */
  readonly owners: ReadonlyMap<string, number>;
  /** Slots by group id. */
  readonly recentGroups: ReadonlyMap<string, number>;
}

/** Why a group changed nothing. */
export type VoidReason =
  /** It is older than MAX_GROUP_AGE_SLOTS. */
  | 'too-old'
  /** It names a run, and its owner has not joined, or was declared dead. */
  | 'owner-not-joined'
  /** A flush or a fold whose condition does not hold. */
  | 'outdated';

/** What a record did with a group. 'repeated': an earlier record had applied it. */
export type GroupOutcome = 'applied' | 'repeated' | VoidReason;
