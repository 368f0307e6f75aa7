import type { Span } from '@sstitch/contract';
import { type Edit, lastVersionOf, type RunRef } from '../log/edits.js';
import { runsAround, writesInto } from '../log/writes-into.js';
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
  /** Runs of others that may have written to `watched`, with their versions. */
  suspects: Suspect[];
  /** The version of its last commit. */
  ownVersion: number;
}

interface Suspect {
  readonly run: RunRef;
  readonly version: number;
}

/** The views of a process: which state each shows, and from which slot on states are needed. */
export class OpenViews {
  readonly #views = new Set<OpenView>();

  open(known: State, issued: number, watched: readonly Span[]): OpenView {
    const view = {
      ...{ issued, holdSlot: known.slot, fixed: undefined, state: undefined },
      ...{ watched, othersVersion: 0, suspects: [], ownVersion: 0 },
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
      if (view.watched.length === 0) continue;
      if (view === condition) view.ownVersion = version;
      else if (writesInto(view.watched, edits)) view.othersVersion = version;
      else for (const run of runsAround(view.watched, edits)) view.suspects.push({ run, version });
    }
  }

  /**
   * Finds out whether the first of the suspects of a settled view wrote to what it watches.
   *
   * @param holdsKeysIn whether a run has keys in spans
   */
  async clearSuspect(
    view: OpenView,
    holdsKeysIn: (run: RunRef, spans: readonly Span[]) => Promise<boolean>,
  ): Promise<void> {
    const [suspect] = view.suspects;
    if (suspect === undefined) return;
    const { run, version } = suspect;
    if (!this.isChanged(view) && version > shownVersion(view)) {
      // A run that cannot be read may have written anything.
      const isHit = await holdsKeysIn(run, view.watched).catch(() => true);
      if (isHit) view.othersVersion = Math.max(view.othersVersion, version);
    }
    view.suspects = view.suspects.filter((one) => one !== suspect);
  }

  /** Whether others wrote to what a settled view watches, since its state or since its last commit. */
  isChanged(view: OpenView): boolean {
    return view.othersVersion > shownVersion(view);
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

/** The version up to which a settled view knows what it watches: that of its state, or of its last commit. */
function shownVersion({ state, ownVersion }: OpenView): number {
  return Math.max(lastVersionOf(state?.slot ?? 0), ownVersion);
}
