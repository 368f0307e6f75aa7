// What a process reports about its copy of a store.
import type { CacheMetrics } from '../runs/block-cache.js';
import type { BackgroundMetrics } from './background.js';
import type { StoreCore } from './store-core.js';

/** What a process knows of a store, and what it did since it opened the store. */
export interface ClusterStoreMetrics {
  /** The id of this process in the store. */
  readonly owner: string;
  /** The last slot of the log that the process has read. */
  readonly slot: number;
  /**
   * The slot of the oldest snapshot or iterator that is open here, or else `slot`. What was replaced since is kept for
   * it: a slot that never grows shows a reader that was never closed.
   */
  readonly heldSlot: number;
  /** Ranges of keys, each with at most one run for its older entries. */
  readonly pieces: number;
  /** Runs that lie over the pieces. Every lookup may have to read them. */
  readonly levelZeroRuns: number;
  /** The writes in the log that no run holds yet: the sum of the lengths of their keys and values, in bytes. */
  readonly memtableBytes: number;
  /** The blocks in memory. Other stores of the process may share the cache. */
  readonly cache: CacheMetrics;
  /** What the maintenance of this process did. Other processes maintain the same store. */
  readonly maintenance: BackgroundMetrics;
}

export function storeMetrics({ client, cache, maintenance }: StoreCore): ClusterStoreMetrics {
  const { slot, pieces, levelZero, memtableBytes } = client.known;
  return {
    owner: client.owner,
    slot,
    heldSlot: client.heldSlot,
    pieces: pieces.length,
    levelZeroRuns: levelZero.length,
    memtableBytes,
    cache: cache.metrics,
    maintenance: maintenance.metrics,
  };
}
