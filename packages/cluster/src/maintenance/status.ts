import type { Lease, LoadIntent } from '../port.js';
import { runsOf } from '../state/state-format.js';
import type { CollectionContext } from './collect.js';

/** Runs of one kind. */
export interface RunTotals {
  /** The number of runs. */
  readonly runs: number;
  /** Entries in all of them, tombstones included. */
  readonly entries: number;
  /** The bytes of their blocks. */
  readonly bytes: number;
}

/** What a store consists of now. */
export interface ClusterStatus {
  /** The last slot of the log. */
  readonly slot: number;
  /** The slot of the newest checkpoint; undefined without one. */
  readonly checkpointSlot: number | undefined;
  /** Ranges of keys whose older entries, if any, are all in one run. */
  readonly pieces: number;
  /** Runs that pieces name. */
  readonly pieceRuns: RunTotals;
  /** Runs that lie over the pieces: flushed writes and large batches. Every lookup may have to read them. */
  readonly levelZero: RunTotals;
  /** Runs that wait for their deletion. */
  readonly retired: RunTotals;
  /** Writes in the log that no run holds yet. */
  readonly memtableEntries: number;
  /** The sum of the lengths of their keys and values, in bytes. */
  readonly memtableBytes: number;
  /** Processes that have joined. */
  readonly owners: number;
  /**
   * Every lease of the store. `isDead` is true once two observations, at least two leases apart, found it not renewed.
   */
  readonly leases: ReadonlyArray<Lease & { readonly isDead: boolean }>;
  /**
   * Runs that a process announced before it wrote them; each remains until its run is committed or a collection deletes
   * it.
   */
  readonly loads: readonly LoadIntent[];
  /** Loads of owners that have not joined: a collection deletes them, unless a process has joined since. */
  readonly orphans: number;
}

/** @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_LEASE_LOST */
export async function readStatus({
  port,
  client,
  watch,
}: CollectionContext): Promise<ClusterStatus> {
  const loads = await port.readLoads();
  const state = await client.latest();
  const [checkpointSlot] = await port.readCheckpointSlots();
  const { live, dead } = await watch.observe(() => port.readLeases());
  const levelZero = state.levelZero.map(({ run }) => run);
  const retired = [...state.retired.values()].map(({ run }) => run);
  const others = new Set([...levelZero, ...retired].map((run) => run.id));
  const pieceRuns = [...runsOf(state).values()].filter((run) => !others.has(run.id));
  return {
    slot: state.slot,
    checkpointSlot,
    pieces: state.pieces.length,
    pieceRuns: totalsOf(pieceRuns),
    levelZero: totalsOf(levelZero),
    retired: totalsOf(retired),
    memtableEntries: state.memtable.length,
    memtableBytes: state.memtableBytes,
    owners: state.owners.size,
    leases: [
      ...live.map((lease) => ({ ...lease, isDead: false })),
      ...dead.map((lease) => ({ ...lease, isDead: true })),
    ],
    loads,
    orphans: loads.filter((load) => !state.owners.has(load.owner)).length,
  };
}

function totalsOf(runs: ReadonlyArray<{ entries: number; bytes: number }>): RunTotals {
  return {
    runs: runs.length,
    entries: runs.reduce((sum, run) => sum + run.entries, 0),
    bytes: runs.reduce((sum, run) => sum + run.bytes, 0),
  };
}
