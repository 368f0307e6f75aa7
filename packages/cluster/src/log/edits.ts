// What the log of a store records. A state is a function of these edits alone (state/apply-record.ts).
//
//   record   what one slot holds: groups, in order
//   group    what one process wants committed together: applied whole, or void. A record may hold groups of several
//            processes, and a group may stand in several records: it counts once
//   edit     one change
//   version  slot × EDITS_PER_SLOT + the place of the edit in its record; later edits have higher versions
import type { ByteOperation, Span } from '@sstitch/contract';

/** The most edits in a record. */
export const EDITS_PER_SLOT = 4096;
/** The most bytes of an encoded record. Only a group of many spans comes near it. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** A record takes a second group only up to this size. Batches that are larger become runs. */
export const SHARED_RECORD_BYTES = 64 * 1024;
/**
 * A group whose `base` lies further back than this is void, so that the ids of committed groups need not be kept for
 * longer.
 */
export const MAX_GROUP_AGE_SLOTS = 1024;

/** The version of an edit. */
export function versionOf(slot: number, place: number): number {
  return slot * EDITS_PER_SLOT + place;
}

/** The highest version that a state at `slot` contains. */
export function lastVersionOf(slot: number): number {
  return versionOf(slot + 1, 0) - 1;
}

/** A run: sorted entries in immutable blocks (runs/). */
export interface RunRef {
  /** A UUID as text, never used again. */
  readonly id: string;
  readonly chunks: number;
  readonly blocks: number;
  readonly entries: number;
  readonly bytes: number;
  /** The first and the last user key. A run has at least one entry; what has none has no run. */
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** A batch of at most SHARED_RECORD_BYTES. */
export interface WriteEdit {
  readonly type: 'write';
  readonly operations: readonly ByteOperation[];
}

/** A larger batch, as a run with tombstones. */
export interface RunEdit {
  readonly type: 'run';
  readonly run: RunRef;
}

/** The spans hold what the run holds, or nothing. Everything older in them is hidden. */
export interface ReplaceEdit {
  readonly type: 'replace';
  readonly spans: readonly Span[];
  readonly run: RunRef | undefined;
}

/**
 * The entries of the memtable with versions up to `to` are now in a run, each with its own version. Void unless the
 * memtable's last flush was up to `from`.
 */
export interface FlushEdit {
  readonly type: 'flush';
  /** Undefined if no such entry was visible. */
  readonly run: RunRef | undefined;
  readonly from: number;
  readonly to: number;
}

/**
 * Everything that the span shows at version `to` is now in one run; without a run it shows nothing. Void if a
 * replacement or a fold touched the span after `to`.
 */
export interface FoldEdit {
  readonly type: 'fold';
  readonly span: Span;
  /** 'kept': no write lies over the span's pieces, which keep their runs; only their version rises. */
  readonly run: RunRef | 'kept' | undefined;
  readonly to: number;
}

/**
 * Runs of level 0 that were flushed, or are older than the last flush, are now one run, in which each entry has its own
 * version. Void unless level 0 has all of them.
 */
export interface MergeEdit {
  readonly type: 'merge';
  readonly runs: readonly string[];
  /** Undefined if no entry was visible. */
  readonly run: RunRef | undefined;
}

/** These retired runs are deleted. */
export interface DroppedEdit {
  readonly type: 'dropped';
  readonly runs: readonly string[];
}

/** From here on the group's owner may write runs. A group that names a run is void unless its owner has joined. */
export interface JoinEdit {
  readonly type: 'join';
}

/** These owners are dead or have left: they no longer count as joined. */
export interface AbortEdit {
  readonly type: 'abort';
  readonly owners: readonly string[];
}

export type Edit =
  | WriteEdit
  | RunEdit
  | ReplaceEdit
  | FlushEdit
  | FoldEdit
  | MergeEdit
  | DroppedEdit
  | JoinEdit
  | AbortEdit;

export interface Group {
  /** A UUID as text: a group counts once, however often it is appended. */
  readonly id: string;
  /** The process; a UUID as text. */
  readonly owner: string;
  /** A slot that the process had applied when it encoded this copy. Up to it, the group was not applied. */
  readonly base: number;
  readonly edits: readonly Edit[];
}

export interface LogRecord {
  readonly groups: readonly Group[];
}
