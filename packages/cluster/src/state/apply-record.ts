// The state machine: what each edit does to a state. Pure, and the same in every process.
import type { Span } from '@sstitch/contract';
import {
  type Edit,
  type FlushEdit,
  type FoldEdit,
  type Group,
  type LogRecord,
  lastVersionOf,
  MAX_GROUP_AGE_SLOTS,
  type MergeEdit,
  type RunRef,
  versionOf,
  type WriteEdit,
} from '../log/edits.js';
import {
  EMPTY_MEMTABLE,
  type Memtable,
  withoutFlushed,
  withoutHidden,
  withWrites,
} from './memtable.js';
import { isVisible, piecesOver, rewriteSpans } from './pieces.js';
import type {
  GroupOutcome,
  LevelZeroRun,
  MemtableEntry,
  Piece,
  RetiredRun,
  State,
  VoidReason,
} from './state.js';

/** The state before the first slot: no key holds anything. */
export const EMPTY_STATE: State = {
  slot: 0,
  pieces: [{ start: new Uint8Array(0), end: undefined, run: undefined, version: 0 }],
  levelZero: [],
  memtable: EMPTY_MEMTABLE.entries,
  memtableBytes: EMPTY_MEMTABLE.bytes,
  flushedTo: 0,
  retired: new Map(),
  owners: new Map(),
  recentGroups: new Map(),
};

/** A state, and what became of each group of the record, in order. */
export interface AppliedRecord {
  readonly state: State;
  readonly outcomes: readonly GroupOutcome[];
}

/** A state under construction. */
interface Draft {
  readonly slot: number;
  pieces: readonly Piece[];
  levelZero: readonly LevelZeroRun[];
  memtable: Memtable;
  /** Writes that the memtable lacks, in order: a record of many writes copies it once. */
  writes: MemtableEntry[];
  flushedTo: number;
  retired: ReadonlyMap<string, RetiredRun>;
  owners: ReadonlyMap<string, number>;
}

/**
 * The state after a slot.
 *
 * @param state at the slot before
 */
export function applyRecord(state: State, slot: number, record: LogRecord): AppliedRecord {
  if (slot !== state.slot + 1) {
    throw new RangeError(`slot ${slot} does not follow a state at slot ${state.slot}`);
  }
  const draft: Draft = {
    ...state,
    slot,
    memtable: { entries: state.memtable, bytes: state.memtableBytes },
    writes: [],
  };
  const recentGroups = new Map(state.recentGroups);
  forgetOldGroups(recentGroups, slot);
  let place = 0;
  const outcomes = record.groups.map((group) => {
    const version = versionOf(slot, place);
    place += group.edits.length;
    if (recentGroups.has(group.id)) return 'repeated';
    const reason = applyGroup(draft, group, version);
    if (reason !== undefined) return reason;
    recentGroups.set(group.id, slot);
    return 'applied';
  });
  takeWrites(draft);
  const next: State = {
    slot,
    pieces: draft.pieces,
    levelZero: draft.levelZero,
    memtable: draft.memtable.entries,
    memtableBytes: draft.memtable.bytes,
    flushedTo: draft.flushedTo,
    retired: draft.retired,
    owners: draft.owners,
    recentGroups,
  };
  return { state: next, outcomes };
}

/** The runs that an edit names. */
export function runNamedBy(edit: Edit): RunRef | undefined {
  switch (edit.type) {
    case 'run':
    case 'replace':
    case 'flush':
    case 'merge':
      return edit.run;
    case 'fold':
      return edit.run === 'kept' ? undefined : edit.run;
    default:
      return undefined;
  }
}

/** A copy of a group that was applied at `base` or before has an id that is still known at this slot. */
function forgetOldGroups(recentGroups: Map<string, number>, slot: number): void {
  for (const [id, applied] of recentGroups) {
    // The map is in the order of the slots.
    if (slot - applied < MAX_GROUP_AGE_SLOTS) return;
    recentGroups.delete(id);
  }
}

/** Applies a group whole, or changes nothing and says why. */
function applyGroup(draft: Draft, group: Group, version: number): VoidReason | undefined {
  const { slot } = draft;
  if (group.base >= slot || slot - group.base > MAX_GROUP_AGE_SLOTS) return 'too-old';
  const namesRun = group.edits.some((edit) => runNamedBy(edit) !== undefined);
  if (namesRun && !draft.owners.has(group.owner)) return 'owner-not-joined';
  if (group.edits.every((edit) => edit.type === 'write')) {
    for (const [index, edit] of group.edits.entries()) write(draft, edit, version + index);
    return undefined;
  }
  takeWrites(draft);
  const before: Draft = { ...draft, writes: [] };
  for (const [index, edit] of group.edits.entries()) {
    if (!applyEdit(draft, edit, group.owner, version + index)) {
      Object.assign(draft, before);
      return 'outdated';
    }
  }
  return undefined;
}

/** @returns whether the edit's condition holds */
function applyEdit(draft: Draft, edit: Edit, owner: string, version: number): boolean {
  if (edit.type === 'write') {
    write(draft, edit, version);
    return true;
  }
  takeWrites(draft);
  switch (edit.type) {
    case 'run':
      addToLevelZero(draft, { run: edit.run, version });
      return true;
    case 'replace':
      rewrite(draft, edit.spans, edit.run, version);
      return true;
    case 'flush':
      return flush(draft, edit);
    case 'fold':
      return fold(draft, edit);
    case 'merge':
      return merge(draft, edit);
    case 'dropped':
      draft.retired = without(draft.retired, edit.runs);
      return true;
    case 'join':
      draft.owners = new Map(draft.owners).set(owner, draft.slot);
      return true;
    case 'abort':
      draft.owners = without(draft.owners, edit.owners);
      return true;
  }
}

function write(draft: Draft, edit: WriteEdit, version: number): void {
  for (const operation of edit.operations) {
    const value = operation.type === 'put' ? operation.value : undefined;
    draft.writes.push({ key: operation.key, value, version });
  }
}

function takeWrites(draft: Draft): void {
  draft.memtable = withWrites(draft.memtable, draft.writes);
  draft.writes = [];
}

function flush(draft: Draft, { run, from, to }: FlushEdit): boolean {
  if (draft.flushedTo !== from || to < from || to > lastVersionOf(draft.slot - 1)) return false;
  draft.memtable = withoutFlushed(draft.memtable, to);
  draft.flushedTo = to;
  if (run !== undefined) addToLevelZero(draft, { run, version: to });
  return true;
}

function fold(draft: Draft, { span, run, to }: FoldEdit): boolean {
  if (to > lastVersionOf(draft.slot - 1)) return false;
  if (piecesOver(draft.pieces, span).some((piece) => piece.version > to)) return false;
  rewrite(draft, [span], run, to);
  return true;
}

function merge(draft: Draft, { runs, run }: MergeEdit): boolean {
  const ids = new Set(runs);
  const merged = draft.levelZero.filter((one) => ids.has(one.run.id));
  const [newest] = merged;
  if (newest === undefined || merged.length < ids.size) return false;
  // A fold goes up to the last flush. A run with entries before and after it would be lost in part.
  if (newest.version > draft.flushedTo) return false;
  draft.levelZero = draft.levelZero.filter((one) => !ids.has(one.run.id));
  retire(
    draft,
    merged.map((one) => one.run),
  );
  if (run !== undefined) addToLevelZero(draft, { run, version: newest.version });
  return true;
}

/** Gives the pieces of spans a run and a version, and retires what they no longer show. */
function rewrite(
  draft: Draft,
  spans: readonly Span[],
  run: RunRef | 'kept' | undefined,
  version: number,
): void {
  const left = new Map<string, RunRef>();
  draft.pieces = rewriteSpans(draft.pieces, spans, ({ start, end }, inside) => {
    if (run === 'kept') return inside.map((piece) => ({ ...piece, version }));
    for (const piece of inside) {
      if (piece.run !== undefined) left.set(piece.run.id, piece.run);
    }
    return [{ start, end, run, version }];
  });
  for (const piece of draft.pieces) {
    if (piece.run !== undefined) left.delete(piece.run.id);
  }
  retire(draft, left.values());
  retire(
    draft,
    draft.levelZero.filter((one) => !isVisible(draft.pieces, one)).map((one) => one.run),
  );
  draft.levelZero = draft.levelZero.filter((one) => !draft.retired.has(one.run.id));
  draft.memtable = withoutHidden(draft.memtable, draft.pieces);
}

function addToLevelZero(draft: Draft, added: LevelZeroRun): void {
  if (!isVisible(draft.pieces, added)) {
    retire(draft, [added.run]);
    return;
  }
  const newer = draft.levelZero.filter((one) => one.version > added.version);
  draft.levelZero = [...newer, added, ...draft.levelZero.slice(newer.length)];
}

function retire(draft: Draft, runs: Iterable<RunRef>): void {
  const retired = new Map(draft.retired);
  for (const run of runs) retired.set(run.id, { run, slot: draft.slot });
  if (retired.size > draft.retired.size) draft.retired = retired;
}

function without<V>(map: ReadonlyMap<string, V>, keys: readonly string[]): ReadonlyMap<string, V> {
  const rest = new Map(map);
  for (const key of keys) rest.delete(key);
  return rest;
}
