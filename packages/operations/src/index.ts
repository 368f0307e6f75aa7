export { type ReplacedVersion, replacedVersionOf } from '@sstitch/records';
export type { OperationCommit } from './contents/sync-contents.js';
export type { CloneSyncOptions } from './copy/clone-sync.js';
export { cloneSync } from './copy/clone-sync.js';
export { type RenameSyncOptions, renameSync } from './copy/rename-sync.js';
export {
  type ChangeSentence,
  type DescribeChangesOptions,
  describeChanges,
} from './describe/describe-changes.js';
export {
  type ChangedRecordObject,
  type ChangeObject,
  changeLines,
  changeObject,
} from './diff/change-lines.js';
export {
  type BucketChanges,
  type DiffCounts,
  type DiffSyncsOptions,
  diffSyncs,
  type SyncDiff,
  type SyncInput,
} from './diff/diff-syncs.js';
export type { ChangeKind, RecordChange } from './diff/record-change.js';
export { OperationsError, type OperationsErrorCode } from './errors.js';
export type { SourceCounts } from './merge/merge-records.js';
export {
  type MergedSync,
  type MergeSyncsOptions,
  type MergeTarget,
  mergeSyncs,
} from './merge/merge-syncs.js';
export type { OperationOptions, OperationProgress } from './progress.js';
export {
  type PlannedSync,
  type PrunePlan,
  type PrunePolicy,
  type PruneReason,
  planPrune,
} from './prune/plan-prune.js';
export {
  type PruneResult,
  type PruneSyncsOptions,
  pruneSyncs,
  type ReadPrunePlanOptions,
  readPrunePlan,
} from './prune/prune-syncs.js';
export {
  type CompactKeepingOptions,
  type ComparisonProgress,
  compactKeeping,
  type KeepingCommit,
  type KeptVersion,
  type ReadKeepingPlanOptions,
  readKeepingPlan,
} from './versions/compact-keeping.js';
export { replacedVersionId } from './versions/replaced-version.js';
export {
  type ListVersionsOptions,
  listReplacedVersions,
  type RollbackCommit,
  type RollbackSyncOptions,
  rollbackSync,
} from './versions/rollback-sync.js';
