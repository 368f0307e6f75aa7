export { compact } from './compact.js';
export type { CompactBase, CompactSource } from './engines.js';
export { CompactorError, type CompactorErrorCode, EmptySyncError } from './errors.js';
export type { CompactOptions } from './options.js';
export type {
  BucketResult,
  BucketSize,
  CompactPlan,
  CompactProgress,
  CompactResult,
  Strategy,
  TableCounts,
} from './result.js';
