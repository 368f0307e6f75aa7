// What a process reports of its copy of a store.
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
  /** Ranges of keys that have a run of their own, or nothing. */
  readonly pieces: number;
  readonly levelZeroRuns: number;
  readonly memtableBytes: number;
  /** The blocks in memory. Other stores of the process may share the cache. */
  readonly cache: CacheMetrics;
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
