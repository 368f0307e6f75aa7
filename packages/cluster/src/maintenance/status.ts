import type { Lease, LoadIntent } from '../port.js';
import { runsOf } from '../state/state-format.js';
import type { CollectionContext } from './collect.js';

/** Runs of one kind. */
export interface RunTotals {
  readonly runs: number;
  readonly entries: number;
  readonly bytes: number;
}

/** What a store consists of now. */
export interface ClusterStatus {
  /** The last slot of the log. */
  readonly slot: number;
  /** The slot of the newest checkpoint; undefined without one. */
  readonly checkpointSlot: number | undefined;
  readonly pieces: number;
  /** Runs that pieces name. */
  readonly pieceRuns: RunTotals;
  readonly levelZero: RunTotals;
  /** Runs that wait for their deletion. */
  readonly retired: RunTotals;
  readonly memtableEntries: number;
  readonly memtableBytes: number;
  /** Processes that have joined. */
  readonly owners: number;
  readonly leases: ReadonlyArray<Lease & { readonly isDead: boolean }>;
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
  const checkpointSlot = await port.readCheckpointSlot();
  const { live, dead } = watch.observe(await port.readLeases());
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
