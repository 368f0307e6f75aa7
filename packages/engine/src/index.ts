export {
  byteEncodings,
  type CommitReport,
  type EngineCapabilities,
  type EntryPages,
  type OriginTotals,
  type PurgeReport,
  type ReplaceSpansOptions,
  type ReplaceSpansResult,
  type Span,
  type TableOrigin,
  type UnsortedEntries,
} from '@sstitch/contract';
export type { EntryEncodingOptions } from './build/entry-encoding.js';
export {
  type EntryPage,
  type LoadProgress,
  TableLoader,
  type TableLoaderOptions,
} from './build/table-loader.js';
export { unsortedEntries } from './build/unsorted-entries.js';
export { type AdoptOptions, type AdoptProgress, adopt } from './copy/adopt.js';
export type { CopiedGeneration } from './copy/copy-generation.js';
export {
  EngineError,
  type EngineErrorCode,
  type EngineErrorDetails,
  type EngineErrorReason,
} from './errors.js';
export type { Version } from './leveldb/manifest.js';
export type { StoreProblem, StoreProblemKind } from './leveldb/problems.js';
export type { LevelSummary } from './leveldb/read-levels.js';
export { type Manifest, readManifest } from './leveldb/read-manifest.js';
export type { TableEntry } from './leveldb/version-edit.js';
export { prefixSpan } from './spans.js';
export type { ActivityMetrics, DurationMetrics } from './store/activity.js';
export type { VerifySpansOptions } from './store/generation-reader.js';
export type { GenerationMetrics, StoreMetrics } from './store/metrics.js';
export type { ForgottenReader, HeldMetrics, ReaderKind } from './store/open-readers.js';
export type { StoreOpenOptions, StoreOptions, WriteDurability } from './store/options.js';
export { openReadOnly, type ReadOnlyOptions, ReadOnlyStore } from './store/read-only-store.js';
export { Store } from './store/store.js';
export type {
  CheckpointFormat,
  CheckpointOptions,
  ExciseOptions,
  ExtractOptions,
  IngestFromOptions,
  IngestOptions,
  PurgeOption,
  StoreReplaceOptions,
  StoreReplaceResult,
  TableSource,
} from './store/transfer-options.js';
export type { SalvagedLog } from './store-directory/salvage-files.js';
export {
  type SalvageOptions,
  type SalvageReport,
  salvageLogs,
} from './store-directory/salvage-logs.js';
export type { ForeignSpanTables } from './tables/check-incoming.js';
export type { ExtractedTables, LoadedTables } from './tables/extracted-tables.js';
export type { SpanTables, TableFile, TableRun } from './tables/table-set.js';
export {
  type VerifyProgress,
  type VerifyStoreOptions,
  type VerifyStoreReport,
  verifyStore,
} from './verify/verify-store.js';
