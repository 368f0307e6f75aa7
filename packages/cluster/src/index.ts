export type { ClusterConnection } from './connection.js';
export {
  ClusterError,
  type ClusterErrorCode,
  type ClusterErrorOptions,
  type ClusterErrorReason,
} from './errors.js';
export type { FoldReport } from './maintenance/fold.js';
export type { ClusterStatus, RunTotals } from './maintenance/status.js';
export { MemoryCluster, type MemoryRowCounts } from './memory/memory-port.js';
export type {
  Announcement,
  AppendOutcome,
  ClusterPort,
  Lease,
  LoadIntent,
  LogSlot,
  ReadStrength,
  StoredCheckpoint,
} from './port.js';
export type { CacheMetrics } from './runs/block-cache.js';
export type { BackgroundMetrics } from './store/background.js';
export {
  type ClusterReplaceOptions,
  ClusterStore,
  type MaintenanceOptions,
} from './store/cluster-store.js';
export type { ClusterStoreMetrics } from './store/metrics.js';
export type { ClusterStoreOptions } from './store/options.js';
export type { CollectionReport } from './store/store-maintenance.js';
