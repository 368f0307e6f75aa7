import type { Span } from '@sstitch/contract';
import { type Edit, lastVersionOf } from '../log/edits.js';
import { writesInto } from '../log/writes-into.js';
import type { State } from '../state/state.js';

/** A view that the process has not released. */
export interface OpenView {
  /** How many commits the process had issued when it made the view. */
  readonly issued: number;
  /** No state that it can resolve to is at a lower slot. */
  holdSlot: number;
  /** The state just before the first record with a commit that was issued later; undefined until there is one. */
  fixed: State | undefined;
  /** Undefined until its probe has returned. */
  state: State | undefined;
  /** The spans on which its commits depend. */
  readonly watched: readonly Span[];
  /** The version of the last write to `watched` by others since the view was made. */
  othersVersion: number;
  /** The version of its last commit. */
  ownVersion: number;
}

/** The views of a process: which state each shows, and from which slot on states are needed. */
export class OpenViews {
  readonly #views = new Set<OpenView>();

  open(known: State, issued: number, watched: readonly Span[]): OpenView {
    const view = {
      ...{ issued, holdSlot: known.slot, fixed: undefined, state: undefined },
      ...{ watched, othersVersion: 0, ownVersion: 0 },
    };
    this.#views.add(view);
    return view;
  }

  release(view: OpenView): void {
    this.#views.delete(view);
  }

  /** The record after `state` has a commit of this process, the `issue`th. */
  beforeOwnCommit(issue: number, state: State): void {
    for (const view of this.#views) {
      if (view.state === undefined && issue > view.issued) view.fixed ??= state;
    }
  }

  /** A group was applied with a version. @param condition the view whose commit it is, if it is conditional */
  onApplied(edits: readonly Edit[], version: number, condition: OpenView | undefined): void {
    for (const view of this.#views) {
      if (view === condition) view.ownVersion = version;
      else if (writesInto(view.watched, edits)) view.othersVersion = version;
    }
  }

  /** Whether others wrote to what a settled view watches, since its state or since its last commit. */
  isChanged({ state, othersVersion, ownVersion }: OpenView): boolean {
    return othersVersion > Math.max(lastVersionOf(state?.slot ?? 0), ownVersion);
  }

  /** Determines what a view shows after a probe that began while it was open: `known`, or an earlier state. */
  settle(view: OpenView, known: State): State {
    view.state ??= view.fixed ?? known;
    view.holdSlot = view.state.slot;
    return view.state;
  }

  /** The lowest slot whose state the process needs. */
  heldSlot(known: State): number {
    let slot = known.slot;
    for (const view of this.#views) slot = Math.min(slot, view.holdSlot);
    return slot;
  }
}
