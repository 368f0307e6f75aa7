// What a store reports of itself.
import type { RunRef } from '../log/edits.js';
import type { CacheMetrics } from '../runs/block-cache.js';
import type { State } from '../state/state.js';
import type { BackgroundMetrics } from './background.js';
import type { StoreCore } from './store-core.js';

/** A number of runs and their size as blocks. */
export interface RunTotals {
  readonly runs: number;
  readonly entries: number;
  readonly bytes: number;
}

/** The size of a store, as this process knows it, and what the process did since it opened the store. */
export interface ClusterStoreMetrics {
  /** The id of this process in the store. */
  readonly owner: string;
  /** The last slot of the log that this process has read. */
  readonly slot: number;
  /** Ranges of keys with a run of their own or nothing. */
  readonly pieces: number;
  readonly memtableEntries: number;
  readonly memtableBytes: number;
  /** Runs of the pieces. A run counts as a whole even if a part of it is replaced. */
  readonly base: RunTotals;
  /** Runs over the pieces: flushed writes and large batches. */
  readonly levelZero: RunTotals;
  /** Runs that no later state reads, and that are not deleted yet. */
  readonly retired: RunTotals;
  /** Processes that write runs. */
  readonly writers: number;
  /** The cache, which other stores of the process may share. */
  readonly cache: CacheMetrics;
  readonly maintenance: BackgroundMetrics;
}

export function storeMetrics(core: StoreCore): ClusterStoreMetrics {
  const state = core.client.known;
  return {
    owner: core.client.owner,
    ...stateMetrics(state),
    cache: core.cache.metrics,
    maintenance: core.backgroundMetrics,
  };
}

function stateMetrics(state: State): Omit<ClusterStoreMetrics, 'owner' | 'cache' | 'maintenance'> {
  const base = new Map<string, RunRef>();
  for (const { run } of state.pieces) if (run !== undefined) base.set(run.id, run);
  return {
    slot: state.slot,
    pieces: state.pieces.length,
    memtableEntries: state.memtable.length,
    memtableBytes: state.memtableBytes,
    base: totals([...base.values()]),
    levelZero: totals(state.levelZero.map(({ run }) => run)),
    retired: totals([...state.retired.values()].map(({ run }) => run)),
    writers: state.owners.size,
  };
}

function totals(runs: readonly RunRef[]): RunTotals {
  return {
    runs: runs.length,
    entries: runs.reduce((sum, { entries }) => sum + entries, 0),
    bytes: runs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
