// What the store needs from the protocol. protocol.ts implements it; the invariants are stated there.
import type { Span } from '@sstitch/contract';
import type { Edit } from '../log/edits.js';
import type { State } from '../state/state.js';

/** Where a group was committed. */
export interface Committed {
  readonly slot: number;
  /** The state just after the slot. */
  readonly state: State;
  /** How long the commit took from its first append. */
  readonly durationMs: number;
}

/**
 * A state that later commits do not change. A view is made synchronously; its state is determined when its probe of the
 * log returns. The state contains every write that was acknowledged before the view was made, and none that this
 * process issued afterwards.
 */
export interface View {
  /**
   * Resolves to the view's state, always the same one.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_LEASE_LOST
   */
  state(): Promise<State>;
  /**
   * Commits edits as `LogClient.commit` does, if nothing was written to the spans that the view watches since its state,
   * except by this method of the same view. Call it before `release`.
   *
   * @throws ClusterError as `LogClient.commit`; SSTITCH_COMMIT_CONFLICT
   */
  commit(edits: readonly Edit[]): Promise<Committed | undefined>;
  /** The process no longer reads the view, so its runs may be deleted. May be called twice. */
  release(): void;
}

/** A process's copy of a store's state, kept up to date with its log, and its way to commit. */
export interface LogClient {
  /** This process's id; a new one each time a client is opened. */
  readonly owner: string;

  /**
   * Catches up with the log: the state contains every write that was acknowledged before the call. Calls that begin
   * while a probe is in progress share the next one.
   *
   * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_LEASE_LOST
   */
  latest(): Promise<State>;

  /** The newest state that this process knows, without a read of the log. */
  readonly known: State;

  /** The lowest slot whose state the process keeps: that of its oldest unreleased view, or of the known state. */
  readonly heldSlot: number;

  /** @param watched the spans on which commits of the view depend: sorted, disjoint, none empty. @defaultValue none */
  view(watched?: readonly Span[]): View;

  /**
   * Commits edits as one group. Calls of one turn of the event loop, and those that wait for a slot, share a record; a
   * view that is made between two such calls shows neither.
   *
   * @throws ClusterError SSTITCH_LOAD_ABORTED (the group is void: its owner was declared dead), SSTITCH_COMMIT_UNKNOWN,
   * SSTITCH_CLUSTER_UNAVAILABLE and SSTITCH_CLUSTER_REFUSED (certainly not committed), SSTITCH_LEASE_LOST, SSTITCH_TOO_LARGE
   * @returns undefined if the group was void because its condition no longer holds (flush and fold)
   */
  commit(edits: readonly Edit[]): Promise<Committed | undefined>;

  /**
   * Joins once. Await it before the first intent of a load is written.
   *
   * @throws ClusterError as `commit`, but SSTITCH_CLUSTER_UNAVAILABLE where the outcome is unknown
   */
  join(): Promise<void>;

  /**
   * Call it after every read of a run, before its data is used: a process that was asleep may have read a run while it
   * was deleted.
   *
   * @throws ClusterError SSTITCH_LEASE_LOST
   */
  checkLease(): void;

  /** Calls `listener` with each slot that has a commit of this process, once its state is known. */
  onOwnSlot(listener: (slot: number) => void): void;

  /** Waits for commits in progress, and ends the lease. */
  close(): Promise<void>;
}
